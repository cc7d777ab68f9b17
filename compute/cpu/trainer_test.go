//go:build !js

package cpu_test

import (
	"testing"

	"segmenter/compute"
	"segmenter/compute/computetest"
	"segmenter/compute/cpu"
)

func trainers(int) []compute.Device { return []compute.Device{cpu.NewTrainer()} }

func TestTrainer(t *testing.T) { computetest.Test(t, trainers, computetest.Tolerance, 1) }

func TestGradients(t *testing.T) {
	computetest.TestGradients(t, cpu.NewTrainer, computetest.Tolerance)
}
