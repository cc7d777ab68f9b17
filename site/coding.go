package site

import (
	"strconv"
	"strings"
)

// identity is the content coding of a file as it is.
const identity = "identity"

// suffixes are what the files of each content coding are called.
var suffixes = map[string]string{"br": ".br", "gzip": ".gz", identity: ""}

// unlistedIdentity is the weight of identity where Accept-Encoding does not
// name it: acceptable, but less than anything that it does name, whose smallest
// weight is 0.001.
const unlistedIdentity = 0.0005

// negotiate picks one of the offered content codings for an Accept-Encoding
// header (RFC 9110, section 12.5.3): the one of the highest weight, the first
// of equals. It reports false where the header refuses all of them.
func negotiate(accept string, offered []string) (coding string, ok bool) {
	weights := parseWeights(accept)
	best := 0.0
	for _, candidate := range offered {
		weight, listed := weights[candidate]
		if !listed {
			weight, listed = weights["*"]
		}
		if !listed && candidate == identity {
			weight = unlistedIdentity
		}
		if weight > best {
			coding, best = candidate, weight
		}
	}
	return coding, best > 0
}

// parseWeights reads "br, gzip;q=0.8, *;q=0" into weights from 0 to 1. An
// item whose weight cannot be read counts as refused.
func parseWeights(accept string) map[string]float64 {
	weights := make(map[string]float64)
	for item := range strings.SplitSeq(accept, ",") {
		name, parameter, weighted := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		weights[name] = 1
		if weighted {
			weights[name] = parseWeight(parameter)
		}
	}
	return weights
}

func parseWeight(parameter string) float64 {
	key, value, _ := strings.Cut(parameter, "=")
	weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !strings.EqualFold(strings.TrimSpace(key), "q") || !(weight >= 0 && weight <= 1) {
		return 0
	}
	return weight
}
