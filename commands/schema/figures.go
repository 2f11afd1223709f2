package schema

import "github.com/barbhq/barb/store/health"

// Figure is one of the six figures, judged. Ratios are from 0 to 1, latencies in milliseconds.
type Figure struct {
	Name      string   `json:"figure"`
	Value     *float64 `json:"value"` // null without samples
	Unit      string   `json:"unit"`  // ratio, ms or count
	Threshold float64  `json:"threshold"`
	Samples   *int64   `json:"samples,omitempty"` // of a ratio or a latency
	State     string   `json:"state"`             // ok, breach or few
}

// FigureLine is a figure that is a line of its own.
type FigureLine struct {
	Schema int `json:"schema"`
	Figure
	OverMS int64 `json:"over_ms"`
}

func newFigure(f *health.Figure) Figure {
	return Figure{Name: f.Name, Value: f.Value, Unit: f.Unit, Threshold: f.Threshold, Samples: f.Samples,
		State: string(f.State)}
}

// NewFigureLines returns a line for each figure, as barb stats --check prints them.
func NewFigureLines(r *health.Report) []FigureLine {
	lines := make([]FigureLine, 0, len(r.Figures))
	for i := range r.Figures {
		lines = append(lines, FigureLine{Schema: 1, Figure: newFigure(&r.Figures[i]), OverMS: r.Over.Milliseconds()})
	}
	return lines
}
