package main

import (
	"cmp"
	"fmt"
	"sync"

	"segmenter/dataset"
	"segmenter/dataset/augment"
	"segmenter/model"
	"segmenter/photo"
)

// crops draws crops of labelled photos: see [train.Source]. A crop follows from the seed,
// the epoch and the photo, whoever draws it and when.
type crops struct {
	*order
	samples []dataset.Sample
	classes int
	idle    chan *augment.Augmenter // as many as photos that may be decoded at once
}

func newCrops(samples []dataset.Sample, classes int, r augment.Recipe, workers int, warn func(string)) (*crops, error) {
	c := &crops{newOrder(len(samples), r.Seed, warn), samples, classes, make(chan *augment.Augmenter, workers)}
	for range workers {
		a, err := augment.New(r)
		if err != nil {
			return nil, err
		}
		c.idle <- a
	}
	return c, nil
}

func (c *crops) Sample(number int, s *model.Sample) error {
	a := <-c.idle
	defer func() { c.idle <- a }()
	return c.draw(number, func(epoch, index int) error {
		source, labels, err := c.samples[index].Read(c.classes)
		if err != nil {
			return err
		}
		if s.Photo == nil {
			s.Photo = new(photo.Image)
		}
		crop := augment.Crop{Photo: *s.Photo, Labels: s.Labels}
		if err := a.Crop(&crop, source, labels, epoch, index); err != nil {
			return fmt.Errorf("%s: %w", c.samples[index].Photo.Name, err)
		}
		*s.Photo, s.Labels = crop.Photo, crop.Labels
		return nil
	})
}

// order says which photo the sample of a number shows. Each epoch shows all photos once, but
// in the place of one that cannot be read comes the next that can.
type order struct {
	sampler *augment.Sampler
	photos  int
	warn    func(string) // about a photo that cannot be read

	mu     sync.Mutex
	epochs map[int][]int
}

func newOrder(photos int, seed uint64, warn func(string)) *order {
	return &order{sampler: augment.NewSampler(photos, seed), photos: photos, warn: warn, epochs: map[int][]int{}}
}

// draw calls read for the photo of a sample, or for the next one if read fails.
func (o *order) draw(number int, read func(epoch, index int) error) (err error) {
	epoch, place := number/o.photos, number%o.photos
	list := o.epoch(epoch)
	for k := range o.photos {
		index := list[(place+k)%o.photos]
		failure := read(epoch, index)
		if failure == nil {
			return nil
		}
		err = cmp.Or(err, failure)
		o.warn(failure.Error())
	}
	return fmt.Errorf("no photo can be read, first %w", err)
}

// epoch returns the photos of an epoch.
func (o *order) epoch(epoch int) []int {
	o.mu.Lock()
	defer o.mu.Unlock()
	list, ok := o.epochs[epoch]
	if !ok {
		list = o.sampler.Epoch(epoch)
		o.epochs[epoch] = list
		const kept = 4 // batches are drawn nearly in order
		delete(o.epochs, epoch-kept)
	}
	return list
}
