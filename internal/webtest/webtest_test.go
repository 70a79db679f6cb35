package webtest_test

import (
	"net/http"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/mustfail"
	"github.com/cpodkit/cpodkit/internal/webtest"
)

func failing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { cpodkit.WriteError(w, r, err) })
}

func TestWantProblem(t *testing.T) {
	t.Parallel()
	conflict := failing(cpodkit.Errorf(cpodkit.CodeConflict, "It is there already."))
	invalid := failing(cpodkit.ValidationError(cpodkit.FieldError{Pointer: "/a", Detail: "must be there"}))
	webtest.Call(t, conflict, "PUT", "/x", "", "body").WantProblem(t, cpodkit.CodeConflict)
	webtest.Call(t, conflict, "HEAD", "/x", "", "").WantProblem(t, cpodkit.CodeConflict)
	webtest.Call(t, invalid, "PUT", "/x", "", "").WantProblem(t, cpodkit.CodeValidationFailed, "/a")
	text := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"code":"conflict"}`, http.StatusConflict)
	})
	for name, wrong := range map[string]func(testing.TB){
		"another code": func(t testing.TB) {
			webtest.Call(t, conflict, "PUT", "/x", "", "").WantProblem(t, cpodkit.CodeNotFound)
		},
		"another status": func(t testing.TB) {
			webtest.Call(t, conflict, "HEAD", "/x", "", "").WantProblem(t, cpodkit.CodeNotFound)
		},
		"another pointer": func(t testing.TB) {
			webtest.Call(t, invalid, "PUT", "/x", "", "").WantProblem(t, cpodkit.CodeValidationFailed, "/b")
		},
		"no pointer": func(t testing.TB) {
			webtest.Call(t, conflict, "PUT", "/x", "", "").WantProblem(t, cpodkit.CodeConflict, "/a")
		},
		"another form": func(t testing.TB) { webtest.Call(t, text, "PUT", "/x", "", "").WantProblem(t, cpodkit.CodeConflict) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(mustfail.Run(t, wrong)) == 0 {
				t.Error("it passes")
			}
		})
	}
}
