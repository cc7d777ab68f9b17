package quant_test

import (
	"fmt"
	"io"
	"log"
	"os"

	"segmenter/quant"
)

// A model file is used while it arrives: first what it is, then its tensors.
func Example() {
	file, err := os.Open("../model/weights/everyday.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	r, err := quant.NewReader(file)
	if err != nil {
		log.Fatal(err)
	}
	card, err := quant.Describe(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(card.Name, "knows", len(card.Classes), "classes, such as", card.Classes[8].Name)

	values := make(map[quant.DType]int)
	for {
		tensor, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		values[tensor.DType] += tensor.Elements()
	}
	fmt.Println(values)
	// Output:
	// Everyday 38 knows 38 classes, such as cat
	// map[F16:106098 F32:24998 I8:6458496]
}

// A float model becomes a file of a quarter of its size.
func ExampleConvert() {
	src, err := os.Open("float.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	dst, err := os.Create("small.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer dst.Close()

	report, err := quant.Convert(dst, src, quant.Card{Name: "My model"}, quant.Plan{})
	if err != nil {
		log.Fatal(err)
	}
	for _, group := range report.Groups() {
		fmt.Printf("%s as %s is off by %.2f %%\n", group.Name, group.DType, 100*group.RelativeError())
	}
	if err := dst.Close(); err != nil {
		log.Fatal(err)
	}
}
