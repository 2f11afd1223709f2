package web_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"
)

// luminance is the relative luminance of a colour such as #1b1c1e, from 0 to 1 (WCAG 2.2, "relative luminance").
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) == 4 { // #fff
		colour = fmt.Sprintf("#%[1]c%[1]c%[2]c%[2]c%[3]c%[3]c", colour[1], colour[2], colour[3])
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatalf("%s: %v", colour, err)
		}
		part := float64(n) / 255
		if part <= 0.04045 {
			part /= 12.92
		} else {
			part = math.Pow((part+0.055)/1.055, 2.4)
		}
		sum += weight * part
	}
	return sum
}

// Text has a contrast of 5.2 at least on each ground that it stands on, and the border of a control 3.6.
func TestTheColoursHaveContrast(t *testing.T) {
	t.Parallel()
	s := entered(t)
	css := s.get("/static/app.css")
	blocks := regexp.MustCompile(`color-scheme:(light|dark);([^}]*)}`).FindAllStringSubmatch(css, -1)
	if len(blocks) != 3 {
		t.Fatalf("%d lists of colours", len(blocks))
	}
	for _, block := range blocks {
		colours := map[string]string{}
		for _, c := range regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]+)`).FindAllStringSubmatch(block[2], -1) {
			colours[c[1]] = c[2]
		}
		check := func(text, ground string, least float64) {
			a, b := luminance(t, colours[text]), luminance(t, colours[ground])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < least {
				t.Errorf("%s: %s %s on %s %s has a contrast of %.2f, not %.1f", block[1], text, colours[text], ground,
					colours[ground], ratio, least)
			}
		}
		for _, ground := range []string{"bg", "raised"} {
			for _, text := range []string{"fg", "muted", "accent", "ok", "warn", "bad", "mark"} {
				check(text, ground, 5.2)
			}
			check("ctl", ground, 3.6)
		}
		check("fg", "sunken", 5.2)
		check("muted", "sunken", 5.2)
		for _, kind := range []string{"accent", "ok", "warn", "bad", "mark"} {
			check(kind, kind+"-on", 5.2)
		}
		check("bg", "accent", 5.2) // the button that lets waiting webhooks in
	}
}
