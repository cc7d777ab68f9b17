package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"segmenter/model"
	"segmenter/modelfile"
	"segmenter/train"
)

// firstModel returns the model of -from with the classes of the data.
func (t *trainer) firstModel() (*model.Model, error) {
	random := rand.New(rand.NewPCG(t.Seed, 0))
	card := modelfile.Card{Name: filepath.Base(t.Data), Size: t.Size, Classes: t.all.Classes.Card()}
	card.TrainingData = fmt.Sprintf("%d photos of %q", len(t.training.Samples), filepath.Base(t.Data))
	card.Extra = map[string]string{"training_recipe": t.describe()}
	if t.From == "" {
		base, err := openModel("")
		if err != nil {
			return nil, err
		}
		return train.Transfer(base, basedOn(card, base.Card, base.Name), random)
	}
	start, err := train.OpenStart(t.From)
	if err != nil {
		return nil, err
	}
	for _, note := range start.Notes {
		fmt.Fprintf(t.stdout, "%s: %s\n", filepath.Base(t.From), note.Text)
	}
	if base := start.Model; base != nil {
		return train.Transfer(base, basedOn(card, base.Card, filepath.Base(t.From)), random)
	}
	card.Source = "fine-tuned from the vision transformer " + filepath.Base(t.From)
	m, err := start.Encoder.NewDecoders(card, random)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.From, err)
	}
	return m, nil
}

// basedOn adds to the card what it owes to the model that the training starts from, in a
// file of that name.
func basedOn(card, base modelfile.Card, file string) modelfile.Card {
	card.Normalisation = base.Normalisation
	card.Source = fmt.Sprintf("fine-tuned from %q", cmp.Or(base.Name, file))
	if base.Source != "" {
		card.Source += " (" + base.Source + ")"
	}
	if base.Licence != "" {
		card.Licence = "of the weights before: " + base.Licence
	}
	if base.TrainingData != "" {
		card.TrainingData += "; before: " + base.TrainingData
	}
	return card
}

// describe is the recipe in words.
func (t *trainer) describe() string {
	what := fmt.Sprintf("crops of %d", t.Size)
	if t.Freeze != "" {
		what = fmt.Sprintf("decoders only, photos of %d", t.Size)
	}
	return fmt.Sprintf("%s, %s pixels, batches of %d, seed %d", t.Recipe, what, t.Batch, t.Seed)
}
