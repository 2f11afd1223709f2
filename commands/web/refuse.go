package web

import (
	"net/http"
)

// refuse answers with a plain page of one sentence.
func refuse(w http.ResponseWriter, status int, text string) { refuseWith(w, status, text, "/") }

// refuseWith is refuse with a link to an address of this host.
func refuseWith(w http.ResponseWriter, status int, text, link string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = templates().ExecuteTemplate(w, "refused", struct{ Text, Link string }{text, link})
}
