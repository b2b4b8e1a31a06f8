// Command istio-oracle says what Istio's own code makes of policies: one question a line on stdin (JSON), one answer a
// line on stdout. Nothing here decides anything; every answer comes out of a function of istio.io/istio.
//
// A question is a snapshot: the objects as written, the mesh configuration, and the workload that is asked about.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"istio.io/istio/pkg/log"
)

type question struct {
	// Mesh overrides fields of Istio's default mesh configuration, as the ConfigMap `istio` does.
	Mesh json.RawMessage `json:"mesh"`
	// Objects are Kubernetes objects; only those of kinds that Istio's pilot knows may be among them.
	Objects []json.RawMessage `json:"objects"`
	// Workload is asked about; without a namespace only admission is answered.
	Workload struct {
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"workload"`
	// Cluster are the Kubernetes objects beside those of Istio, as its registry sees them; asked for by Clients only.
	Cluster []json.RawMessage `json:"cluster"`
	// Clients are asked about: what their sidecars send.
	Clients []caller `json:"clients"`
	// Ports whose mTLS mode is asked for.
	Ports []uint32 `json:"ports"`
	// Hosts of the registry, host name to namespace: what extension providers are looked up in.
	Hosts map[string]string `json:"hosts"`
	// MultipleProviders is the flag PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS.
	MultipleProviders bool `json:"multipleProviders"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	// Admission has an entry per object: empty, or why the schema of the custom resource or the webhook refuses it.
	Admission []string `json:"admission"`
	// HTTP are the filters before the router, in order: CUSTOM, tokens, then AUDIT, DENY and ALLOW.
	HTTP []json.RawMessage `json:"http"`
	// TCP are the filters before the TCP proxy, in order.
	TCP []json.RawMessage `json:"tcp"`
	// Modes are the mTLS modes by port; 0 is any other port.
	Modes map[uint32]string `json:"modes"`
	// Ztunnel are the policies that ztunnel gets for the workload.
	Ztunnel []json.RawMessage `json:"ztunnel"`
	// Sent is what the sidecars of Clients make of each of their dials.
	Sent [][][]sending `json:"sent"`
}

func main() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	admission, err := newAdmission()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := out.Encode(respond(admission, lines.Bytes())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func respond(admission *admission, line []byte) (result answer) {
	defer func() {
		if wrong := recover(); wrong != nil {
			result = answer{Error: fmt.Sprintf("panic: %v", wrong)}
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: err.Error()}
	}
	for _, object := range asked.Objects {
		result.Admission = append(result.Admission, admission.review(object))
	}
	if len(asked.Clients) > 0 {
		found, err := sent(asked)
		if err != nil {
			return answer{Error: err.Error()}
		}
		result.Sent = found
	}
	if asked.Workload.Namespace == "" {
		return result
	}
	if err := result.decide(asked); err != nil {
		return answer{Error: err.Error()}
	}
	return result
}

func (a *answer) decide(asked question) error {
	snapshot, err := newSnapshot(asked)
	if err != nil {
		return err
	}
	a.HTTP, a.TCP = snapshot.filters(asked.MultipleProviders)
	a.Modes = snapshot.modes(asked.Ports)
	a.Ztunnel = snapshot.ztunnel()
	return nil
}

// document is a message as JSON.
func document(message proto.Message) json.RawMessage {
	text, err := protojson.Marshal(message)
	if err != nil {
		panic(err)
	}
	return text
}
