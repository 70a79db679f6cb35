package storagetest

import (
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// The refusals that tables name often.
var (
	invalidKey  = []cpodkit.Code{cpodkit.CodeInvalidKey}
	notFound    = []cpodkit.Code{cpodkit.CodeNotFound}
	badRequest  = []cpodkit.Code{cpodkit.CodeBadRequest}
	noScope     = []cpodkit.Code{cpodkit.CodeInvalidScope}
	noToken     = []cpodkit.Code{cpodkit.CodeMissingToken}
	badToken    = []cpodkit.Code{cpodkit.CodeInvalidToken}
	badCursor   = []cpodkit.Code{cpodkit.CodeInvalidCursor}
	forbidden   = []cpodkit.Code{cpodkit.CodeForbidden}
	invalidBody = []cpodkit.Code{cpodkit.CodeValidationFailed}
	wrongMethod = []cpodkit.Code{cpodkit.CodeMethodNotAllowed}
	unmet       = []cpodkit.Code{cpodkit.CodePreconditionFailed}
	wrongType   = []cpodkit.Code{cpodkit.CodeUnsupportedMediaType}
	any200      = []cpodkit.Code{""}
)

// pathRequests have targets that a client, a proxy or a mux would clean, decode
// or redirect.
func pathRequests() []request {
	long := strings.Repeat("k", 30_000)
	var all []request
	add := func(want []cpodkit.Code, lines ...string) {
		for _, line := range lines {
			if !strings.Contains(line, " ") {
				line = "GET " + line
			}
			all = append(all, request{line: line, want: want})
		}
	}
	add(invalidKey,
		"/v1/storage/files/../appx/x", "/v1/storage/files/../../apps/appx/x", "/v1/storage/files/../../../t2/apps/app/x", "/v1/storage/files/..",
		"/v1/storage/files/.", "/v1/storage/files/./x", "/v1/storage/files/x/.", "/v1/storage/files/x/..", "/v1/storage/files//x", "/v1/storage/files///x",
		"/v1/storage/files/x/", "/v1/storage/files/dir//x", "/v1/storage/files/dir/../x", "/v1/storage/files/%2e%2e/appx/x", "/v1/storage/files/%2E%2E/appx/x",
		"/v1/storage/files/%2e/x", "/v1/storage/files/.%2e/appx/x", "/v1/storage/files/%2e./appx/x", "/v1/storage/files/%2e%2e%2fappx%2fx",
		"/v1/storage/files/..%2fappx%2fx", "/v1/storage/files/..%2F..%2Fshared%2Fx", "/v1/storage/files/x%2f..%2f..%2fappx%2fx", "/v1/storage/files/%2fx",
		"/v1/storage/files/%2Ft1%2Fapps%2Fappx%2Fx", "/v1/storage/files/x%2f", "/v1/storage/files/x%2f%2fx", "/v1/storage/files/x%2f.", "/v1/storage/files/%00",
		"/v1/storage/files/x%00", "/v1/storage/files/x%00.txt", "/v1/storage/files/x%0d%0aX-Evil:%201", "/v1/storage/files/x%0a", "/v1/storage/files/%7f",
		"/v1/storage/files/%c2%85", "/v1/storage/files/%ff", "/v1/storage/files/%c0%ae%c0%ae/appx/x", "/v1/storage/files/..%c0%afappx", "/v1/storage/files/%e0%80%ae%e0%80%ae/x",
		"/v1/storage/files/%ed%a0%80", "/v1/storage/files/%f0%80%80%ae%f0%80%80%ae/x", "/v1/storage/files/x#/../appx/x", "/v1/storage/files/../kv/x",
		"/v1/storage/files/../../storage/files/x", "/v1/storage//files/x", "/v1/storage/./files/x", "/v1/storage/x/../files/x", "/v1/storage/files/"+long,
		"PUT /v1/storage/files/../appx/x", "PUT /v1/storage/files/%2e%2e%2fappx%2fx", "DELETE /v1/storage/files/..%2fappx%2fx", "DELETE /v1/storage/files/../appx/x",
		"DELETE /v1/storage/files//", "HEAD /v1/storage/files/..%2fappx%2fx", "PUT /v1/storage/files/"+strings.Repeat("%6b", 201),

		"/v1/storage/kv/..", "/v1/storage/kv/%2e%2e", "/v1/storage/kv/%2e", "/v1/storage/kv/..%2f..%2fshared%2fx", "/v1/storage/kv/%2Fx", "/v1/storage/kv/x%2F",
		"/v1/storage/kv/x%2F%2Fx", "/v1/storage/kv/x%2F..%2Fx", "/v1/storage/kv/x%00", "/v1/storage/kv/%c0%af", "/v1/storage/kv/../kv/x", "/v1/storage/kv/x/../x",
		"/v1/storage/kv//ttl", "/v1/storage/kv/%2e%2e/ttl", "/v1/storage/kv/..%2fx/ttl", "POST /v1/storage/kv/../incr", "POST /v1/storage/kv/%2e%2e%2fx/incr",
		"POST /v1/storage/kv//incr", "DELETE /v1/storage/kv/..%2f..%2f..%2ft2%2fapps%2fapp%2fx", "HEAD /v1/storage/kv/%2e%2e%2fx", "/v1/storage/kv/"+long,

		"/v1/storage/db/%2e%2e/x", "/v1/storage/db/things/%2e%2e", "/v1/storage/db/things/..%2fx", "/v1/storage/db/..%2fthings/x", "/v1/storage/db/things%2Fx/x",
		"/v1/storage/db/things%00/x", "/v1/storage/db/$system/x", "/v1/storage/db/%24system/x", "/v1/storage/db/things.x/x", "/v1/storage/db/things%20/x",
		"/v1/storage/db/thing%c5%9b/x", "/v1/storage/db/*/x", "/v1/storage/db/%25/x", "/v1/storage/db//x", "/v1/storage/db/things//x", "/v1/storage/db/things/../things/x",
		"/v1/storage/db/"+strings.Repeat("a", 65)+"/x", "POST /v1/storage/db/../things/query", "POST /v1/storage/db/..%2fthings/query", "POST /v1/storage/db/$system/query",
		"POST /v1/storage/db/things%2f..%2fthings/batch", "DELETE /v1/storage/db/things/%2e%2e%2f%2e%2e%2fx", "/v1/storage/db/things/x%0d%0a")
	add(notFound,
		`/v1/storage/files/..\appx\x`, `/v1/storage/files/..%5cappx%5cx`, "/v1/storage/files/%252e%252e/appx/x", "/v1/storage/files/%252e%252e%252fappx%252fx",
		"/v1/storage/files/%25252e%25252e/x", "/v1/storage/files/..;/appx/x", "/v1/storage/files/..;x=1/appx/x", "/v1/storage/files/.../appx/x", "/v1/storage/files/x;tier=shared",
		"/v1/storage/files/x%3ftier=shared", "/v1/storage/files/x%26tier=shared", "/v1/storage/files/t1/apps/appx/x", "/v1/storage/files/$system/keys/x",
		"/v1/storage/files/．．/appx/x", "/v1/storage/files/%ef%bc%8e%ef%bc%8e%ef%bc%8fappx", "/v1/storage/files/%20../appx/x", "/v1/storage/files/..%20/appx/x",
		"/v1/storage/files/x%20", "/v1/storage/files/x.", "/v1/storage/files/X", "/v1/storage/files/x::$DATA",
		"HEAD /v1/storage/files/%252e%252e/appx/x", "/%76%31/storage/files/x", "/v1/%73torage/files/x", "/v1/storage/files/%78", "/v1/storage/kv/x%2Fttl", "/v1/storage/kv/%252e%252e",
		`/v1/storage/kv/..%5cx`, "/v1/storage/kv/x%2Fincr", "/v1/storage/kv/*", "/v1/storage/kv/%78", "/v1/storage/db/%74hings/x", "/v1/storage/db/things/%252e%252e",
		"/v1/storage/db/things/query", "/v1/storage/db/things/batch", "/v1/storage/db/Things/x",
		"//v1/storage/files/x", "/./v1/storage/files/x", "/v1/./storage/files/x", "/v1//storage/files/x", "/x/../v1/storage/files/x", "/v1/x/../storage/files/x", "/V1/storage/files/x",
		"/v1/Storage/files/x", "/v1/storage/Files/x", "/v1/storage", "/v1/storage/", "/v1", "/", "/v1/storage/files%2fx", "/v1%2fstorage%2ffiles%2fx", "/v1/storage%2ffiles/x",
		"/v1/storage/kv", "/v1/storage/db/things", "/v1/storage/db/things/x/y", "/v2/storage/files/x", "/storage/files/x", "http://t2.test/v1/storage/files/x",
		"/..%2fv1/storage/files/x", "/%2e%2e/v1/storage/files/x", "/.//v1/storage/files/x")
	add(nil,
		"/v1/storage/db/things/", "/v1/storage/kv/", "/v1/storage/kv/x/y", "/v1/storage/kv/x/ttl/y", "/v1/storage/signed/", "/v1/storage/signed/..", "/v1/storage/signed/x/../y",
		"/v1/storage/signed/%2e%2e", "/v1/storage/signed/%00", "/v1/storage/signed/t2%2fapps%2fapp%2fx", "CONNECT /v1/storage/files/x", "TRACE /v1/storage/files/x",
		"PATCH /v1/storage/files/x", "MOVE /v1/storage/files/x", "COPY /v1/storage/files/x", "PROPFIND /v1/storage/files/", "get /v1/storage/files/x", "OPTIONS /v1/storage/files/x",
		"POST /v1/storage/files/x", "POST /v1/storage/kv/x", "PUT /v1/storage/kv/x/incr", "GET /v1/storage/kv/x/incr", "DELETE /v1/storage/kv/x/ttl", "GET /v1/storage/file-urls",
		"PUT /v1/storage/files", "DELETE /v1/storage/files", "DELETE /v1/storage/files/", "DELETE /v1/storage/db/things", "DELETE /v1/storage/db/things/", "DELETE /v1/storage/kv/",
		"GETX /v1/storage/files/x", "QUERY /v1/storage/db/things/query")
	for i, r := range all {
		if strings.HasPrefix(r.line, "PUT") || strings.HasPrefix(r.line, "POST") {
			all[i].body = "{}"
		}
	}
	return all
}

// tierRequests ask for another tier, or another app, than the token has.
func tierRequests() []request {
	var all []request
	for _, call := range []struct{ line, body string }{
		{"GET /v1/storage/files/x?", ""}, {"GET /v1/storage/kv/x?", ""}, {"GET /v1/storage/db/things/x?", ""}, {"GET /v1/storage/db?", ""},
		{"DELETE /v1/storage/kv/x?", ""}, {"POST /v1/storage/db/things/query?", "{}"},
	} {
		for _, c := range []struct {
			params []string
			want   []cpodkit.Code
		}{
			{[]string{"tier=shared", "tier=user", "tier=%73hared", "t%69er=shared", "&tier=shared", "tier=shared&"}, noScope},
			{[]string{
				"tier=private&tier=shared", "tier=shared&tier=private", "tier=private&tier=private", "tier=&tier=shared", "tier=private&t%69er=shared", "tier", "tier=",
				"tier=Shared", "tier=SHARED", "tier=shared%00", "tier=%00shared", "tier=shared%20", "tier=+shared", "tier=shared%0a", "tier=../shared", "tier=shared/",
				"tier=private/../shared", "tier=private,shared", "tier=private%26tier=shared", "tier=private;tier=shared", "tier=system", "tier=$system", "tier=*", "tier=null",
				"tier=0", "tier=%zz", "tier=ｓhared", "tier=%5b%22shared%22%5d", "tier=private#&tier=shared", "app=appx", "app=*", "app=", "app", "app=app&app=appx",
				"tier=private&app=appx", "app=../appx", "app%00=appx&app=x", "x=1&tier=shared", "tier=shared&x",
			}, badRequest},
		} {
			for _, params := range c.params {
				all = append(all, request{line: call.line + params, body: call.body, want: c.want})
			}
		}
	}
	for _, params := range []string{"tier[]=shared", "tier[0]=shared", "tier%5B%5D=shared", "Tier=shared", "TIER=shared", "tier.name=shared", "tier%00=shared", "%20tier=shared"} {
		all = append(all, request{line: "GET /v1/storage/files/x?" + params, want: badRequest})
	}
	// In the user tier an app may name another one, of the same user alone.
	for _, params := range []string{"app=app", "app=appx", "app=*", "app=", "app=..", "app=../../u/apps/app", "app=u%2Fapps%2Fapp", "app=app&app=app", "app=%00", "app=App"} {
		for _, call := range []string{"GET /v1/storage/files/x", "GET /v1/storage/db/things/x", "GET /v1/storage/kv/x", "DELETE /v1/storage/files/x", "DELETE /v1/storage/kv/x"} {
			all = append(all, request{line: call + "?tier=user&" + params, tier: storage.User})
		}
	}
	for _, params := range []string{"app=*", "app=app", "app=App", "app=u%2Fapps%2Fapp", "app=u", "app=%25", "app=_"} {
		all = append(all,
			request{line: "GET /v1/storage/files?tier=user&" + params, tier: storage.User, want: any200},
			request{line: "GET /v1/storage/db?tier=user&" + params, tier: storage.User, want: any200},
			request{line: "POST /v1/storage/db/things/query?tier=user&" + params, body: "{}", tier: storage.User, want: any200})
	}
	for _, params := range []string{"app=..", "app=", "app=.", "app=*&app=*", "app=app&app=*", "app=" + strings.Repeat("a", 65)} {
		all = append(all,
			request{line: "GET /v1/storage/files?tier=user&" + params, tier: storage.User, want: badRequest},
			request{line: "GET /v1/storage/db?tier=user&" + params, tier: storage.User, want: badRequest},
			request{line: "POST /v1/storage/db/things/query?tier=user&" + params, body: "{}", tier: storage.User, want: badRequest},
			request{line: "PUT /v1/storage/files/x?tier=user&" + params, body: "1", tier: storage.User, want: badRequest},
			request{line: "PUT /v1/storage/kv/x?tier=user&" + params, body: `{"value":1}`, tier: storage.User, want: badRequest})
	}
	return all
}
