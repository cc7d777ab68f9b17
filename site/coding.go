package site

import (
	"strconv"
	"strings"
)

// identity is the content coding of an uncompressed file.
const identity = "identity"

// suffixes are the suffixes of file names for each content coding.
var suffixes = map[string]string{"br": ".br", "gzip": ".gz", identity: ""}

// unlistedIdentity is the weight of identity if Accept-Encoding does not name it. It
// is acceptable, but below the smallest weight that the header can give, 0.001.
const unlistedIdentity = 0.0005

// negotiate picks one of the offered content codings for an Accept-Encoding header
// (RFC 9110, section 12.5.3): the first with the highest weight. It reports false if
// the header refuses all of them.
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

// parseWeights parses "br, gzip;q=0.8, *;q=0" into weights from 0 to 1. An invalid
// weight counts as 0, a refusal.
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
