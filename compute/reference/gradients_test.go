package reference_test

import (
	"testing"

	"segmenter/compute/computetest"
	"segmenter/compute/reference"
)

func TestGradients(t *testing.T) { computetest.TestDifferences(t, reference.New()) }
