package oauth

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/wholebody"
)

const (
	// maxForm is the most bytes of a form body.
	maxForm = 64 << 10

	// maxParameters is the most parameters of a form or a query. It is checked before
	// they are parsed.
	maxParameters = 64
)

// checkQuery refuses a query that repeats a parameter (RFC 6749 section 3.1), or
// has one that belongs into the body: URLs end up in logs (section 2.3.1), and
// nobody shall believe that it was read. Unknown parameters are ignored.
func checkQuery(r *http.Request) error {
	if strings.Count(r.URL.RawQuery, "&") >= maxParameters {
		return invalidRequest(fmt.Sprintf("The query has more than %d parameters.", maxParameters))
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return invalidRequest("The query of the URL is malformed.")
	}
	for name, values := range query {
		if len(values) > 1 {
			return invalidRequest("A parameter of the query stands more than once.")
		}
		switch name {
		case "grant_type", "client_id", "client_secret", "scope", "token", "token_type_hint", "code", "code_verifier", "redirect_uri",
			"refresh_token", "client_assertion", "client_assertion_type", "subject_token", "subject_token_type":
			return invalidRequest("This call takes its parameters in the body, not in the query.")
		}
	}
	return nil
}

// readForm reads the form of an OAuth call. Parameters without a value count as
// absent, and one that stands twice is an error (RFC 6749 section 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := checkQuery(r); err != nil {
		return nil, err
	}
	return readBody(w, r)
}

// readBody is readForm for a form whose URL has parameters of its own.
func readBody(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, cpodkit.Errorf(cpodkit.CodeUnsupportedMediaType,
			"This call takes a form: send Content-Type: application/x-www-form-urlencoded.")
	}
	body, err := wholebody.Read(w, r, maxForm, wholebody.Grace)
	if err != nil {
		tooLarge := cpodkit.Errorf(cpodkit.CodePayloadTooLarge, "The form has more than %d bytes.", maxForm)
		return nil, cpodkit.BodyError(err, tooLarge)
	}
	if bytes.Count(body, []byte("&")) >= maxParameters {
		return nil, invalidRequest(fmt.Sprintf("The form has more than %d parameters.", maxParameters))
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalidRequest("The form is malformed.")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, invalidRequest("A parameter stands more than once.")
		}
		if values[0] == "" {
			delete(form, name)
		}
	}
	return form, nil
}

// credentials are what a client authenticates with. The secret is "" when it
// sent none.
type credentials struct{ clientID, secret string }

// readCredentials takes them from HTTP Basic or from the form, never from both
// (RFC 6749 section 2.3).
func readCredentials(r *http.Request, form url.Values) (credentials, error) {
	inForm := credentials{form.Get("client_id"), form.Get("client_secret")}
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return inForm, nil
	case len(headers) > 1:
		return credentials{}, invalidRequest("The request has more than one Authorization header.")
	case inForm.secret != "":
		return credentials{}, invalidRequest("The client authenticates twice: send the secret in the header or in the form.")
	}
	basic, ok := parseBasic(headers[0])
	if !ok {
		return credentials{}, errInvalidClient()
	}
	if inForm.clientID != "" && inForm.clientID != basic.clientID {
		return credentials{}, invalidRequest("The client_id of the form is not that of the Authorization header.")
	}
	return basic, nil
}

// parseBasic reads HTTP Basic, in which OAuth wants both parts form-encoded
// (RFC 6749 section 2.3.1).
func parseBasic(header string) (credentials, bool) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return credentials{}, false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.Trim(encoded, " "))
	if err != nil {
		return credentials{}, false
	}
	id, secret, found := strings.Cut(string(decoded), ":")
	if !found {
		return credentials{}, false
	}
	var c credentials
	if c.clientID, err = url.QueryUnescape(id); err != nil {
		return credentials{}, false
	}
	if c.secret, err = url.QueryUnescape(secret); err != nil {
		return credentials{}, false
	}
	return c, true
}

// identifyClient finds the app that the request names and checks its secret. An
// unknown client and a wrong secret take the same work and the same answer. A
// public client that sends no secret is returned too: whether it may do what it
// asks is for the caller to say.
func (s *Server) identifyClient(w http.ResponseWriter, r *http.Request, form url.Values) (App, error) {
	given, err := readCredentials(r, form)
	if err != nil {
		return App{}, err
	}
	signed, signer, err := readAssertion(form)
	if err != nil {
		return App{}, err
	}
	if signer != "" {
		if given.secret != "" || r.Header.Get("Authorization") != "" {
			return App{}, invalidRequest("The client authenticates twice: send a secret or a client_assertion.")
		}
		given.clientID = signer
	}
	if validClientID(given.clientID) {
		cpodkit.RecordFromContext(r.Context()).NoteClientID(given.clientID)
	}
	app, err := s.lookUp(r.Context(), given.clientID)
	if err != nil {
		return App{}, err
	}
	right := app.SecretHash.matches(given.secret)
	if app.Type.Public() {
		right = given.secret == ""
	}
	if signer != "" {
		if right, err = s.authenticates(r.Context(), app, signed); err != nil {
			return App{}, err
		}
	}
	if app.ClientID == "" || !right {
		return App{}, s.refuseClient(w, r, given.clientID)
	}
	return app, nil
}

// lookUp returns the zero App, which no secret fits, for a client that is not
// known.
func (s *Server) lookUp(ctx context.Context, clientID string) (App, error) {
	if !validClientID(clientID) {
		return App{}, nil
	}
	app, err := s.apps.Get(ctx, clientID)
	if errors.Is(err, cpodkit.CodeNotFound) {
		return App{}, nil
	}
	return app, backendError(err)
}

// refuseClient returns that the client is not let in, or that its address has
// failed too often.
func (s *Server) refuseClient(w http.ResponseWriter, r *http.Request, clientID string) error {
	if err := s.countFailure(w, r, clientID); err != nil {
		return err
	}
	return errInvalidClient()
}

// authenticateClient is identifyClient for calls about tokens, which need a secret
// and are limited.
func (s *Server) authenticateClient(w http.ResponseWriter, r *http.Request, form url.Values) (App, error) {
	app, err := s.identifyClient(w, r, form)
	if err != nil {
		return App{}, err
	}
	if app.Type.Public() {
		return App{}, s.refuseClient(w, r, app.ClientID)
	}
	if err := s.countInspection(w, r, app.ClientID); err != nil {
		return App{}, err
	}
	return app, nil
}

func errInvalidClient() error {
	return &cpodkit.OAuthError{
		OAuth:  "invalid_client",
		Status: http.StatusUnauthorized,
		Err:    cpodkit.Errorf(cpodkit.CodeInvalidToken, "The client_id or client_secret is wrong."),
	}
}

func invalidRequest(detail string) error { return badRequest("invalid_request", detail) }

// badRequest is a 400 with one of the codes of RFC 6749 section 5.2.
func badRequest(code, detail string) error {
	return &cpodkit.OAuthError{
		OAuth:  code,
		Status: http.StatusBadRequest,
		Err:    cpodkit.Errorf(cpodkit.CodeBadRequest, "%s", detail),
	}
}
