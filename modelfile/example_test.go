package modelfile_test

import (
	"fmt"
	"io"
	"log"
	"os"

	"segmenter/modelfile"
	"segmenter/modelfile/safetensors"
	"segmenter/quant"
)

// Use a model file while it arrives: first the card, then tensor by tensor.
func ExampleDescribe() {
	file, err := os.Open("../model/weights/everyday.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	r, err := safetensors.NewReader(file)
	if err != nil {
		log.Fatal(err)
	}
	card, _, err := modelfile.Describe(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(card.Name, "knows", len(card.Classes), "classes, such as", card.Classes[8].Name)

	values := make(map[safetensors.DType]int)
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

// Address parameters by their place in the network.
func ExampleRead() {
	file, err := os.Open("../model/weights/everyday.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	m, err := modelfile.Read(file)
	if err != nil {
		log.Fatal(err)
	}
	fc1 := m.Encoder.Blocks[11].FC1
	matrix, bias := m.Matrix(fc1.Weight), m.Floats(fc1.Bias)
	fmt.Println(fc1.Weight.Name, matrix.Out, "×", matrix.In, "and", len(bias))
	// Output: encoder.blocks.11.mlp.fc1.weight 768 × 192 and 768
}

// Convert a float model to a quarter of its size.
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

	report, err := modelfile.Convert(dst, src, modelfile.Card{Name: "My model"}, quant.Plan{})
	if err != nil {
		log.Fatal(err)
	}
	for _, group := range report.Groups() {
		fmt.Printf("%s as %s has an error of %.2f %%\n", group.Name, group.DType, 100*group.RelativeError())
	}
	if err := dst.Close(); err != nil {
		log.Fatal(err)
	}
}
