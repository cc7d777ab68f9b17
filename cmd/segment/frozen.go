package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"segmenter/dataset"
	"segmenter/dataset/augment"
	"segmenter/model"
	"segmenter/photo"
)

// features draws whole photos, mirrored or not, as the features of a frozen encoder: see
// [train.Source]. They are computed once and lie in a file, which the system keeps in memory
// as far as there is room.
type features struct {
	file   *os.File
	photos []frozen
	seed   uint64
	order  *order
}

// frozen is a photo in the file of features: for the photo and its mirror image, the
// features and then the labels.
type frozen struct {
	offset        int64
	height, width int
	features      int // values
}

// record is the number of bytes of one image of a photo.
func (f frozen) record() int64 { return int64(4*f.features + f.height*f.width) }

// computeFeatures runs the encoder on all photos for training.
func (t *trainer) computeFeatures(ctx context.Context) (*features, error) {
	file, err := os.Create(t.path(featuresFile))
	if err != nil {
		return nil, err
	}
	f := &features{file: file, seed: t.Seed}
	encoded, err := t.encode(ctx, f)
	if err == nil {
		f.order, err = t.newOrder(encoded)
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// encode fills in the file of features, and returns the samples that it holds.
func (t *trainer) encode(ctx context.Context, f *features) (encoded []dataset.Sample, err error) {
	bar := newBar(t.stderr)
	defer bar.end()
	end := int64(0)
	for done := 0; done < len(t.training.Samples); {
		next := min(len(t.training.Samples), done+max(1, t.Threads))
		batch, readable := t.readWhole(t.training.Samples[done:next])
		if err := t.run.Training.Features(batch); err != nil {
			return nil, err
		}
		if end, err = f.add(batch, end); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		encoded = append(encoded, readable...)
		done = next
		bar.show(done, len(t.training.Samples), "photos encoded")
	}
	if len(encoded) == 0 {
		return nil, errors.New("no photo for training can be read")
	}
	return encoded, nil
}

// readWhole returns each photo and its mirror image, resized as in evaluation, and which
// photos these are: it leaves out those that cannot be read.
func (t *trainer) readWhole(samples []dataset.Sample) (batch []model.Sample, readable []dataset.Sample) {
	var resizer photo.Resizer
	for _, s := range samples {
		source, labels, err := s.Read(len(t.model.Classes))
		if err != nil {
			t.warn(err.Error())
			continue
		}
		height, width := source.Size()
		h, w := photo.Fit(height, width, t.Size, t.model.Architecture.Patch)
		image := &photo.Image{Height: h, Width: w, Pix: make([]byte, 3*h*w)}
		if err := resizer.Resize(image, source, photo.Cubic); err != nil {
			t.warn(fmt.Sprintf("%s: %v", s.Photo.Name, err))
			continue
		}
		whole := model.Sample{Photo: image, Labels: augment.ReduceLabels(labels, height, width, h, w)}
		batch, readable = append(batch, whole, mirrored(whole)), append(readable, s)
	}
	return batch, readable
}

func mirrored(s model.Sample) model.Sample {
	h, w := s.Photo.Size()
	m := model.Sample{Photo: &photo.Image{Height: h, Width: w, Pix: slices.Clone(s.Photo.Pix)}, Labels: slices.Clone(s.Labels)}
	for y := range h {
		slices.Reverse(m.Labels[y*w:][:w])
		photo.Mirror(m.Photo.Pix[3*y*w:][:3*w])
	}
	return m
}

// add appends pairs of samples to the file, from its end on.
func (f *features) add(batch []model.Sample, end int64) (int64, error) {
	for i, s := range batch {
		if i%2 == 0 {
			h, w := s.Photo.Size()
			f.photos = append(f.photos, frozen{end, h, w, len(s.Features)})
		}
		data := make([]byte, 0, 4*len(s.Features)+len(s.Labels))
		for _, v := range s.Features {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		n, err := f.file.Write(append(data, s.Labels...))
		if err != nil {
			return end, err
		}
		end += int64(n)
	}
	return end, nil
}

func (f *features) Sample(number int, s *model.Sample) error {
	return f.order.draw(number, func(_, index int) error {
		p := f.photos[index]
		offset := p.offset
		if rand.NewPCG(f.seed, uint64(number)).Uint64()&1 == 1 {
			offset += p.record()
		}
		data := make([]byte, p.record())
		if _, err := f.file.ReadAt(data, offset); err != nil {
			return err
		}
		s.Photo = &photo.Image{Height: p.height, Width: p.width}
		s.Features = slices.Grow(s.Features[:0], p.features)[:p.features]
		for i := range s.Features {
			s.Features[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		s.Labels = data[4*p.features:]
		return nil
	})
}

func (f *features) close() {
	f.file.Close()
	os.Remove(f.file.Name())
}
