package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	cellWidth, lineHeight = 8.43, 20
	margin                = 20
)

// sgr matches the escape sequence for colours; the demo writes no other.
var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// styles maps the attributes that barb uses to classes of the picture's style sheet.
var styles = map[string]string{"1": "b", "2": "f", "31": "r", "32": "g", "33": "y"}

// picture draws terminal output as an SVG, one text element a line.
func picture(in io.Reader, out io.Writer) error {
	var lines []string
	columns := 80
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
		columns = max(columns, utf8.RuneCountInString(sgr.ReplaceAllString(scanner.Text(), "")))
	}
	if err := scanner.Err(); err != nil {
		return err
	}
	width, height := int(float64(columns)*cellWidth)+2*margin, len(lines)*lineHeight+2*margin
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">
<title>barb in a terminal</title>
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d4d4d4;white-space:pre}`+
		`.b{font-weight:bold;fill:#fff}.f{fill:#8a8a8a}.r{fill:#ff6b68}.g{fill:#5fd787}.y{fill:#ffd75f}</style>
<rect width="100%%" height="100%%" rx="8" fill="#1c1c1c"/>
`, width, height, width, height)
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(w, "<text xml:space=\"preserve\" x=\"%d\" y=\"%d\">%s</text>\n", margin, margin+(i+1)*lineHeight-5,
				spans(line))
		}
	}
	fmt.Fprintln(w, "</svg>")
	return w.Flush()
}

// spans returns one line with its colours as tspans.
func spans(line string) string {
	var b strings.Builder
	open := false
	end := func() {
		if open {
			b.WriteString("</tspan>")
		}
		open = false
	}
	for line != "" {
		at := sgr.FindStringSubmatchIndex(line)
		if at == nil {
			b.WriteString(html.EscapeString(line))
			break
		}
		b.WriteString(html.EscapeString(line[:at[0]]))
		end()
		if class, ok := styles[line[at[2]:at[3]]]; ok {
			b.WriteString(`<tspan class="` + class + `">`)
			open = true
		}
		line = line[at[1]:]
	}
	end()
	return b.String()
}
