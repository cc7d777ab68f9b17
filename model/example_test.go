package model_test

import (
	"context"
	"fmt"
	"log"

	"segmenter/compute/cpu"
	"segmenter/model"
	"segmenter/model/weights"
	"segmenter/photo/decode"
)

func Example() {
	m, err := model.Read(weights.Everyday())
	if err != nil {
		log.Fatal(err)
	}
	cat, err := decode.Open("../web/samples/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	segmenter, err := model.New(m, cpu.New(2, cpu.Fastest(model.Arithmetic(m))))
	if err != nil {
		log.Fatal(err)
	}
	defer segmenter.Close()
	result, err := segmenter.Segment(context.Background(), cat, model.Options{Size: m.Size})
	if err != nil {
		log.Fatal(err)
	}
	for id, area := range result.Areas {
		if share := 100 * area / len(result.Mask); share > 30 {
			fmt.Printf("%s: %d %%\n", m.Classes[id].Name, share)
		}
	}
	// Output: cat: 81 %
}
