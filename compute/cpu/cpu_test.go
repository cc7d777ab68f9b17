package cpu_test

import (
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/cpu"
)

func float(ranks int) []compute.Device { return cpu.New(ranks, cpu.Float) }
func int8s(ranks int) []compute.Device { return cpu.New(ranks, cpu.Int8) }

func TestOperations(t *testing.T) { computetest.Test(t, float, computetest.Tolerance, 1, 2, 3) }

func TestOperationsInt8(t *testing.T) { computetest.Test(t, int8s, 1e-3, 1, 2, 3) }

func TestClassify(t *testing.T) { computetest.TestClassify(t, float, 1, 3) }

func TestRefine(t *testing.T) { computetest.TestRefine(t, float, 1, 2, 3) }
