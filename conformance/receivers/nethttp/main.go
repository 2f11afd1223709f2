// Command nethttp is a receiver as a webhook guide prints it: the raw body, a comparison in constant time, 401 for what is
// not signed rightly.
package main

import (
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
	"time"
)

const tolerance = 5 * time.Minute

func main() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /generic", generic)
	http.HandleFunc("POST /generic-ts", genericTS)
	fmt.Printf("http://%s\n", ln.Addr())
	log.Fatal(http.Serve(ln, nil))
}

func matches(signature string, parts ...[]byte) bool {
	got, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("SECRET")))
	for _, part := range parts {
		mac.Write(part)
	}
	return hmac.Equal(got, mac.Sum(nil))
}

func generic(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
	if err != nil || !matches(r.Header.Get("X-Webhook-Signature"), body) {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func genericTS(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
	ts := r.Header.Get("X-Webhook-Timestamp")
	seconds, bad := strconv.ParseInt(ts, 10, 64)
	age := time.Since(time.Unix(seconds, 0)).Abs()
	signature, ok := strings.CutPrefix(r.Header.Get("X-Webhook-Signature"), "sha256=")
	if err != nil || bad != nil || age > tolerance || !ok || !matches(signature, []byte(ts), []byte("."), body) {
		w.WriteHeader(http.StatusUnauthorized)
	}
}
