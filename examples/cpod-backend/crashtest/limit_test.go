package crashtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

// TestMaxFileBytes holds every way to upload, with and without a token, to the
// configured size.
func TestMaxFileBytes(t *testing.T) {
	t.Parallel()
	const most = 100_000
	s := newInstance(t, filepath.Join(t.TempDir(), "data"), fmt.Sprintf("CPOD_MAX_FILE_BYTES=%d", most)).start(t)
	owner := s.register(t, "owner")
	token, err := fetchToken(t.Context(), s.url, owner)
	if err != nil {
		t.Fatal(err)
	}
	c := s.client(t, owner).Storage.Files
	if _, err := c.Write(t.Context(), "there", strings.NewReader("what was there")); err != nil {
		t.Fatal(err)
	}
	web := &http.Client{Transport: &http.Transport{}, Timeout: watchdog}
	defer web.CloseIdleConnections()
	put := func(url string, size int, chunked bool) int {
		var body io.Reader = bytes.NewReader(make([]byte, size))
		if chunked {
			body = io.MultiReader(body)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, body)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(url, "/signed/") {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := web.Do(r)
		if err != nil {
			t.Errorf("%d bytes: %v", size, err)
			return 0
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	url := func(key string, signed bool) string {
		if !signed {
			return s.url + "/v1/storage/files/" + key
		}
		made, err := c.UploadURL(t.Context(), key, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return made.URL
	}
	for _, signed := range []bool{true, false} {
		for _, chunked := range []bool{false, true} {
			for size, want := range map[int]int{
				0: http.StatusOK, 1: http.StatusOK, most - 1: http.StatusOK, most: http.StatusOK,
				most + 1: http.StatusRequestEntityTooLarge, 20 * most: http.StatusRequestEntityTooLarge,
			} {
				key := fmt.Sprintf("new/%t-%t-%d", signed, chunked, size)
				if got := put(url(key, signed), size, chunked); got != want {
					t.Errorf("%s: the answer is %d, want %d", key, got, want)
				}
				file, err := c.Stat(t.Context(), key)
				if _, missing := errors.AsType[*client.NotFoundError](err); missing == (want == http.StatusOK) || !missing && file.Size != int64(size) {
					t.Errorf("%s has %d bytes, %v", key, file.Size, err)
				}
			}
			if got := put(url("there", signed), most+1, chunked); got != http.StatusRequestEntityTooLarge {
				t.Errorf("over a file: the answer is %d", got)
			}
		}
	}
	r, err := c.Read(t.Context(), "there")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); string(got) != "what was there" {
		t.Errorf("the file that was there holds %.50q, %v", got, err)
	}
	if n := countFiles(t, filepath.Join(s.instance.dir, "files", "tmp")); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
}
