package shim

import "net/http"

// registryError is an error as clients of a registry read it.
type registryError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// registryCode is the distribution specification's code for the failure. Clients print it
// before the message, and some try again, or not, because of it.
func (f *failure) registryCode() string {
	if f.code != "" {
		return f.code
	}
	switch f.status {
	case http.StatusUnauthorized:
		return "UNAUTHORIZED"
	case http.StatusForbidden, http.StatusConflict:
		return "DENIED"
	case http.StatusNotFound:
		return "NAME_UNKNOWN"
	case http.StatusRequestEntityTooLarge:
		return "SIZE_INVALID"
	case http.StatusUnprocessableEntity:
		return "MANIFEST_INVALID"
	case http.StatusTooManyRequests:
		return "TOOMANYREQUESTS"
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusServiceUnavailable:
		return "UNAVAILABLE"
	}
	return "UNSUPPORTED"
}
