// Command nethttp is a receiver as in a webhook guide: it reads the raw body, compares in constant time, and answers
// 401 to requests without a valid signature.
package main

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	tolerance = 5 * time.Minute
	maxBody   = 2 << 20 // bytes
)

type receiver struct {
	secret  []byte
	handled atomic.Int64 // webhooks: the guide keeps no ids
}

func main() {
	r := &receiver{secret: []byte(os.Getenv("SECRET"))}
	if len(r.secret) == 0 {
		log.Fatal("SECRET is not set")
	}
	http.HandleFunc("POST /generic", r.generic)
	http.HandleFunc("POST /generic-ts", r.genericTS)
	http.HandleFunc("GET /handled", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, r.handled.Load()) })
	ln, err := net.Listen("tcp", "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "0"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", ln.Addr())
	log.Fatal(http.Serve(ln, nil))
}

func (r *receiver) matches(signature string, parts ...[]byte) bool {
	got, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, r.secret)
	for _, part := range parts {
		mac.Write(part)
	}
	return hmac.Equal(got, mac.Sum(nil))
}

func (r *receiver) generic(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil || !r.matches(req.Header.Get("X-Webhook-Signature"), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.handled.Add(1)
}

func (r *receiver) genericTS(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	ts := req.Header.Get("X-Webhook-Timestamp")
	signature, prefixed := strings.CutPrefix(req.Header.Get("X-Webhook-Signature"), "sha256=")
	if err != nil || !fresh(ts) || !prefixed || !r.matches(signature, []byte(ts), []byte("."), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.handled.Add(1)
}

func fresh(ts string) bool {
	seconds, err := strconv.ParseInt(ts, 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() <= tolerance
}
