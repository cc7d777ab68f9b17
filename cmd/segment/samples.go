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
	recipe  augment.Recipe
	reduced *reduced
	idle    chan *augment.Augmenter // as many as photos that may be decoded at once
}

// newCrops draws from samples in an order. It keeps reduced photos in a file.
func newCrops(samples []dataset.Sample, classes int, r augment.Recipe, workers int, o *order, file string) (*crops, error) {
	c := &crops{order: o, samples: samples, classes: classes, recipe: r, idle: make(chan *augment.Augmenter, workers)}
	for range workers {
		a, err := augment.New(r)
		if err != nil {
			return nil, err
		}
		c.idle <- a
	}
	var err error
	c.reduced, err = newReduced(file)
	return c, err
}

func (c *crops) close() { c.reduced.close() }

func (c *crops) Sample(number int, s *model.Sample) error {
	a := <-c.idle
	defer func() { c.idle <- a }()
	return c.draw(number, func(epoch, index int) error {
		source, labels, err := c.read(a, index)
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

// read returns a photo with its labels, reduced if it is much larger than crops need. That
// it is reduced does not depend on whether there is room to keep it, so nor do crops.
func (c *crops) read(a *augment.Augmenter, index int) (photo.Source, []uint8, error) {
	if image, labels, ok := c.reduced.get(index); ok {
		return image, labels, nil
	}
	source, labels, err := c.samples[index].Read(c.classes)
	if err != nil {
		return nil, nil, err
	}
	height, width := source.Size()
	h, w := c.recipe.Reduced(height, width)
	if h == height && w == width {
		return source, labels, nil
	}
	image, labels, err := a.Reduce(source, labels, h, w)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.samples[index].Photo.Name, err)
	}
	c.reduced.put(index, image, labels)
	return image, labels, nil
}

// order says which photo the sample of a number shows. Each epoch shows all photos, most of
// them once, but in the place of one that cannot be read comes the next that can.
type order struct {
	sampler *augment.Sampler
	warn    func(string) // about a photo that cannot be read

	mu     sync.Mutex
	starts []int // the first sample of each epoch
	epochs map[int][]int
}

func newOrder(sampler *augment.Sampler, warn func(string)) *order {
	return &order{sampler: sampler, warn: warn, starts: []int{0}, epochs: map[int][]int{}}
}

// draw calls read for the photo of a sample, or for the next one if read fails.
func (o *order) draw(number int, read func(epoch, index int) error) (err error) {
	epoch, place, list := o.find(number)
	for k := range list {
		index := list[(place+k)%len(list)]
		failure := read(epoch, index)
		if failure == nil {
			return nil
		}
		err = cmp.Or(err, failure)
		o.warn(failure.Error())
	}
	return fmt.Errorf("no photo can be read, first %w", err)
}

// find returns the epoch of a sample, its place there, and the epoch's photos.
func (o *order) find(number int) (epoch, place int, list []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for last := len(o.starts) - 1; o.starts[last] <= number; last++ {
		o.starts = append(o.starts, o.starts[last]+len(o.photos(last)))
	}
	epoch = len(o.starts) - 2
	for o.starts[epoch] > number {
		epoch--
	}
	return epoch, number - o.starts[epoch], o.photos(epoch)
}

// photos returns the photos of an epoch.
func (o *order) photos(epoch int) []int {
	list, ok := o.epochs[epoch]
	if !ok {
		list = o.sampler.Epoch(epoch)
		o.epochs[epoch] = list
		const kept = 4 // batches are drawn nearly in order
		delete(o.epochs, epoch-kept)
	}
	return list
}
