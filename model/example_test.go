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
	result, err := segmenter.Segment(context.Background(), cat, model.Options{Size: 256})
	if err != nil {
		log.Fatal(err)
	}
	for id, area := range result.Areas {
		if share := float64(area) / float64(len(result.Mask)); share > 0.3 {
			fmt.Printf("%s: %.0f %%\n", m.Classes[id].Name, 100*share)
		}
	}
	// Output: cat: 83 %
}
