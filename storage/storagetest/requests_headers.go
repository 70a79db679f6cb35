package storagetest

import (
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// identityRequests name somebody else, or use a token where none belongs.
func identityRequests(known tokens) []request {
	var all []request
	for _, param := range []string{
		"tenantId=t2", "tenant=t2", "tenant_id=t2", "TenantId=t2", "t=t2", "appId=appx", "app_id=appx", "client_id=appx", "as=appx", "userId=ux", "user=ux", "user_id=ux", "sub=ux",
		"impersonate=t2", "scope=storage.shared.read", "role=admin", "admin=true", "_method=DELETE", "method=PUT", "key=../appx/x", "path=../appx/x", "root=t2/apps/app/", "prefix=../appx/", "space=t2",
		"bucket=t2", "db=t2", "collection=others",
	} {
		all = append(all, request{line: "GET /v1/storage/files/x?" + param, want: badRequest}, request{line: "GET /v1/storage/kv/x?" + param, want: badRequest})
	}
	for _, header := range []string{"X-User-Id: ux", "X-User: ux", "X-App-Id: app", "X-Tenant-Id: t2"} {
		all = append(all, request{line: "GET /v1/storage/db/things/x?tier=user", tier: storage.User, header: []string{header}, want: notFound})
	}
	for _, header := range []string{
		"X-Tenant-Id: t2", "X-Tenant: t2", "Tenant: t2", "Tenant-Id: t2", "X-Scope-OrgID: t2", "X-App-Id: appx", "X-Client-Id: appx", "X-User-Id: ux", "X-User: ux", "X-Forwarded-User: ux",
		"X-Remote-User: ux", "Remote-User: ux", "X-Authenticated-Userid: ux", "X-Forwarded-Email: ux", "From: ux", "X-Scopes: storage.shared.read", "X-Role: admin", "X-Admin: true",
		"X-Tier: shared", "Tier: shared", "Cpod-Tenant: t2", "CPOD_TENANT_ID: t2", "X-Cpod-App: appx", "X-Original-URL: /v1/storage/files/x?tier=shared",
		"X-Rewrite-URL: /v1/storage/files/x?tier=shared", "X-Original-URI: /v1/storage/files/../appx/x", "X-Accel-Redirect: /t2/apps/app/x", "X-Sendfile: /etc/passwd",
		"X-Forwarded-Prefix: /../..", "X-Forwarded-Path: /v1/storage/files/../appx/x", "X-Forwarded-Host: t2.test", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https",
		"Forwarded: for=127.0.0.1;host=t2.test", "X-Real-IP: 127.0.0.1", "Host: t2.test", "Host: t2.localhost", "X-Host: t2.test", "Origin: http://t2.test",
		"Referer: http://t2.test/v1/storage/files/x", "X-HTTP-Method-Override: PUT", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE", "Cookie: tenantId=t2; tier=shared",
		"Destination: /v1/storage/files/y", "Overwrite: T", "Depth: infinity", "X-Copy-Source: /t2/apps/app/x", "X-Amz-Copy-Source: t2/apps/app/x", "SLUG: ../appx/x", "Content-Location: ../appx/x",
		"Prefer: tenant=t2", "X-Request-Id: ../../t2", "Traceparent: 00-t2-t2-01", "Baggage: tenantId=t2", "Accept: ../../t2", "X-Forwarded-Tenant: t2",
	} {
		all = append(all, request{line: "GET /v1/storage/files/x", header: []string{header}, want: notFound})
	}
	for _, header := range []string{"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: PUT", "X-Method-Override: GET"} {
		all = append(all, request{line: "POST /v1/storage/files/x", header: []string{header}, want: wrongMethod})
	}
	for _, line := range []string{
		"GET /v1/storage/files/x", "GET /v1/storage/files", "PUT /v1/storage/files/x", "DELETE /v1/storage/files/x", "POST /v1/storage/file-urls", "GET /v1/storage/kv/x",
		"POST /v1/storage/kv/x/incr", "GET /v1/storage/kv/x/ttl", "GET /v1/storage/db/things/x", "POST /v1/storage/db/things/query", "POST /v1/storage/db/things/batch",
		"GET /v1/storage/files/x?access_token=" + known.neighbour, "GET /v1/storage/files/x?token=" + known.neighbour, "GET /v1/storage/files/x?authorization=Bearer%20" + known.neighbour,
	} {
		all = append(all, request{line: line, noToken: true, want: noToken})
	}
	for _, header := range []string{
		"Cookie: access_token=" + known.neighbour, "X-Api-Key: " + known.neighbour, "X-Auth-Token: " + known.neighbour, "Proxy-Authorization: Bearer " + known.neighbour,
		"X-Forwarded-Authorization: Bearer " + known.neighbour, "X-Authorization: Bearer " + known.neighbour, "Authorization: ", "Authorization: Bearer", "Authorization: Bearer ",
		"Authorization: Basic dDI6dDI=", "Authorization: Token " + known.neighbour, "Authorization: Negotiate x",
	} {
		all = append(all, request{line: "GET /v1/storage/files/x", noToken: true, header: []string{header}, want: noToken})
	}
	own, neighbour := "Authorization: Bearer "+known.own, "Authorization: Bearer "+known.neighbour
	for _, header := range [][]string{
		{own, neighbour}, {neighbour, own}, {own, own}, {own + ", Bearer " + known.neighbour}, {own + " " + known.neighbour}, {own + "," + known.neighbour},
		{"Authorization: Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJ0ZW5hbnRJZCI6InQyIiwiYXBwSWQiOiJhcHAifQ."},
		{"Authorization: Bearer cpod_"}, {"Authorization: Bearer cpod_t2"}, {"Authorization: Bearer t2"}, {"Authorization: Bearer null"},
	} {
		all = append(all, request{line: "GET /v1/storage/files/x", header: header, want: badToken})
	}
	for _, b := range bend(known.neighbour) {
		if !strings.ContainsAny(b.token, "\r\n\x00 ") {
			all = append(all, request{line: "GET /v1/storage/files/x", header: []string{"Authorization: Bearer " + b.token}, want: badToken})
		}
	}
	return all
}

// headerRequests use conditions and content headers to see, or to overwrite, what
// is not there for the raider.
func headerRequests() []request {
	var all []request
	for _, header := range []string{
		"If-None-Match: *", `If-None-Match: "x"`, `If-None-Match: W/"x"`, "If-Match: *", `If-Match: "x"`, "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
		"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "Range: bytes=0-", "Range: bytes=-1", `If-Range: "x"`,
		"Accept-Encoding: gzip", "TE: trailers", "Cache-Control: only-if-cached",
	} {
		for _, line := range []string{"GET /v1/storage/files/x", "HEAD /v1/storage/files/x", "GET /v1/storage/db/things/x"} {
			all = append(all, request{line: line, header: []string{header}, want: notFound})
		}
	}
	put := func(line, body string, want []cpodkit.Code, headers ...string) {
		for _, header := range headers {
			all = append(all, request{line: line, header: strings.Split(header, "\n"), body: body, want: want})
		}
	}
	put("PUT /v1/storage/files/x", "1", unmet, "If-Match: *", `If-Match: "x"`, `If-Match: W/"x"`, `If-Match: "*"`, `If-Match: ""`)
	put("PUT /v1/storage/files/x", "1", badRequest, `If-None-Match: "x"`, "If-Match: x", `If-Match: "a", "b"`, "If-Match: *\nIf-Match: *", "If-None-Match: *\nIf-None-Match: *",
		"If-Match: *\nIf-None-Match: *", "If-Match: ", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "Content-Range: bytes 0-0/1", "Content-Digest: sha-256=:AAAA:", "Content-MD5: x")
	put("PUT /v1/storage/files/x", "1", wrongType, "Content-Encoding: gzip", "Content-Type: x", "Content-Type: text/html\nContent-Type: text/plain", "Content-Type: text/plain; a=1; a=2", "Content-Type: */*", "Content-Type: text/*")
	put("PUT /v1/storage/db/things/x", "1", unmet, "If-Match: *", `If-Match: "x"`, `If-Match: W/"x"`, `If-Match: "*"`, `If-Match: ""`)
	put("PUT /v1/storage/db/things/x", "1", badRequest, `If-None-Match: "x"`, "If-Match: x", `If-Match: "a", "b"`, "If-Match: *\nIf-None-Match: *", "If-Match: *\nIf-Match: *")
	put("PUT /v1/storage/db/things/x", "1", wrongType, "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded", "Content-Type: ;", "Content-Type: multipart/form-data")
	put("DELETE /v1/storage/db/things/x", "", unmet, "If-Match: *", `If-Match: "x"`)
	put("DELETE /v1/storage/files/x", "", badRequest, "If-Match: *", "If-None-Match: *")
	put("PUT /v1/storage/kv/x", `{"value":1}`, badRequest, "If-Match: *", `If-None-Match: "x"`, "If-None-Match: *\nIf-None-Match: *")
	put("POST /v1/storage/kv/x/incr", "{}", badRequest, "If-Match: *", "If-None-Match: *")
	put("POST /v1/storage/db/things/batch", `{"ops":[]}`, badRequest, "If-Match: *", "If-None-Match: *")
	put("PUT /v1/storage/kv/x", `{"value":1}`, wrongType, "Content-Type: text/plain", "Content-Type: text/json")
	put("POST /v1/storage/db/things/query", `{}`, wrongType, "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded")
	put("POST /v1/storage/file-urls", `{"key":"x"}`, wrongType, "Content-Type: text/plain", "Content-Type: application/jsonp")
	return all
}

// rangeRequests ask for bytes of the raider's own file that it does not have:
// what lies behind them in the store is not the raider's.
func rangeRequests() []request {
	var all []request
	want := []cpodkit.Code{"", cpodkit.CodeRangeNotSatisfiable}
	for _, ranges := range []string{
		"bytes=1-", "bytes=0-100", "bytes=1-1000000", "bytes=-1", "bytes=-0", "bytes=-1000000", "bytes=5-1", "bytes=-", "bytes=", "bytes=a-b", "bytes=0", "bytes", "bytes=0--1", "bytes=--1",
		"bytes=0-0,0-0,0-0", "bytes=0-0,5-9", "bytes=,,,", "bytes=0-0,", "bytes=9223372036854775807-", "bytes=9223372036854775808-", "bytes=18446744073709551615-",
		"bytes=-9223372036854775808", "bytes=0-18446744073709551615", "bytes=0-9223372036854775807", "bytes=+0-0", "bytes=0x0-0x1", "bytes=0 - 0", "bytes= 0-0", "bytes=0-0;x", "Bytes=0-0",
		"items=0-0", "bytes =0-0", "bytes=\t0-0", "bytes=٠-١", "bytes=0-0\x80", "bytes=" + strings.Repeat("0-0,", 31) + "0-0", "bytes=" + strings.Repeat("0-,", 2000) + "0-",
		"bytes=" + strings.Repeat("9", 400) + "-",
	} {
		all = append(all,
			request{line: "GET /v1/storage/files/plain", header: []string{"Range: " + ranges}, want: want},
			request{line: "HEAD /v1/storage/files/plain", header: []string{"Range: " + ranges}, want: want})
	}
	for _, header := range [][]string{
		{"Range: bytes=0-0", "Range: bytes=1-1"}, {"Range: bytes=0-0", `If-Range: "x"`}, {"Range: bytes=0-0", "If-Range: *"}, {"Range: bytes=0-0", "If-Range: W/\"x\""},
		{"Range: bytes=0-0", "If-Range: Thu, 01 Jan 1970 00:00:00 GMT"}, {"Range: bytes=5-9", "If-None-Match: *"}, {"Range: bytes=5-9", "If-Match: *"}, {`If-None-Match: "`}, {"If-None-Match: ,,,"},
		{"If-Modified-Since: yesterday"}, {"If-Modified-Since: Thu, 01 Jan 99999 00:00:00 GMT"}, {"If-None-Match: " + strings.Repeat(`"a",`, 2000)},
	} {
		all = append(all, request{line: "GET /v1/storage/files/plain", header: header, want: want})
	}
	return all
}

// malformedRequests are not HTTP, or two requests in one: only what comes with
// the token counts, and it reaches nothing.
func malformedRequests() []request {
	smuggled := "GET /v1/storage/files/x?tier=shared HTTP/1.1\r\nHost: x\r\n\r\n"
	var all []request
	for _, r := range []request{
		{line: "GET v1/storage/files/x"}, {line: "GET  /v1/storage/files/x"}, {line: "GET /v1/storage/files/a b"}, {line: "GET /v1/storage/files/\x00"}, {line: "GET /v1/storage/files/\x01x"},
		{line: "GET /v1/storage/files/%"}, {line: "GET /v1/storage/files/%2"}, {line: "GET /v1/storage/files/%zz"}, {line: "GET /v1/storage/files/%u002e%u002e/x"}, {line: "GET "}, {line: "GET *"},
		{line: "GET ../../etc/passwd"}, {line: "GET ?tier=shared"}, {line: "G\x00T /v1/storage/files/x"}, {line: "GET /v1/storage/files/" + strings.Repeat("k", 100_000)},
		{line: "GET file:///etc/passwd"}, {line: "GET http:///v1/storage/files/x"}, {line: "GET http://%2e%2e/v1/storage/files/x"},
		{header: []string{"Host"}}, {header: []string{"Host: a", "Host: b"}}, {header: []string{"Host: a/../b"}}, {header: []string{"Host: ../t2"}}, {header: []string{"Host: a b"}}, {header: []string{"Transfer-Encoding: xchunked"}},
		{header: []string{"Transfer-Encoding: chunked", "Transfer-Encoding: identity"}, body: "0\r\n\r\n"}, {header: []string{"Content-Length: -1"}},
		{header: []string{"Content-Length: 1", "Content-Length: 2"}, body: "{}"}, {header: []string{"Content-Length: 0x10"}}, {header: []string{"Content-Length: 99999999999999999999"}},
		{header: []string{"Content-Length: 4", "Transfer-Encoding: chunked"}, body: "0\r\n\r\n" + smuggled}, {header: []string{"Content-Length: 0"}, body: smuggled},
		{header: []string{"Transfer-Encoding : chunked"}, body: "0\r\n\r\n" + smuggled}, {header: []string{"Transfer-Encoding: \x0bchunked"}, body: "0\r\n\r\n" + smuggled},
		{header: []string{" X-Tenant-Id: t2"}}, {header: []string{"X-A: b", " X-Tenant-Id: t2"}}, {header: []string{"X-A\x00: b"}}, {header: []string{"X A: b"}}, {header: []string{": b"}},
		{header: []string{"X-A: b\x00c"}}, {header: []string{"Expect: 200-ok"}}, {header: []string{"Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"}},
		{header: []string{"Upgrade: websocket", "Sec-WebSocket-Version: 13"}}, {header: []string{"Trailer: Authorization"}},
	} {
		if r.line == "" {
			r.line = "GET /v1/storage/files/x"
		}
		r.malformed = true
		all = append(all, r)
	}
	return all
}
