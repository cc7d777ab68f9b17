package cpu_test

import (
	"testing"

	"segmenter/compute/computetest"
	"segmenter/compute/cpu"
)

func TestOperations(t *testing.T) { computetest.Test(t, cpu.New, computetest.Tolerance) }

func TestClassify(t *testing.T) { computetest.TestClassify(t, cpu.New) }
