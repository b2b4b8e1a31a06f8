package main

import (
	"encoding/json"
	"fmt"
	"time"
	_ "unsafe" // for go:linkname

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/config/memory"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking"
	"istio.io/istio/pilot/pkg/networking/plugin/authz"
	"istio.io/istio/pilot/pkg/security/authn"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
)

// snapshot is the state of a mesh as istiod holds it while it makes configuration, and one workload of it.
type snapshot struct {
	push  *model.PushContext
	store *memory.Store
	proxy *model.Proxy
}

// What istiod does first when policies have changed; it is not exported.
//
//go:linkname initAuthenticationPolicies istio.io/istio/pilot/pkg/model.initAuthenticationPolicies
func initAuthenticationPolicies(env *model.Environment) *model.AuthenticationPolicies

//go:linkname sortConfigByCreationTime istio.io/istio/pilot/pkg/model.sortConfigByCreationTime
func sortConfigByCreationTime(configs []config.Config) []config.Config

// keys is asked for keys that a rule does not hold itself; it looks for changes of them once in a long time.
var keys = model.NewJwksResolver(time.Hour, time.Hour, time.Hour, time.Hour)

func newSnapshot(asked question) (*snapshot, error) {
	settings := "{}"
	if len(asked.Mesh) > 0 {
		settings = string(asked.Mesh)
	}
	meshConfig, err := mesh.ApplyMeshConfigDefaults(settings)
	if err != nil {
		return nil, err
	}
	store := memory.MakeSkipValidation(collections.Pilot)
	for _, object := range asked.Objects {
		converted, err := convert(object)
		if err != nil {
			return nil, err
		}
		if _, err := store.Create(*converted); err != nil {
			return nil, fmt.Errorf("%s %s/%s: %v", converted.GroupVersionKind.Kind, converted.Namespace, converted.Name, err)
		}
	}
	env := &model.Environment{ConfigStore: store, Watcher: meshwatcher.NewTestWatcher(meshConfig)}
	push := model.NewPushContext()
	push.Mesh = meshConfig
	push.AuthzPolicies = model.GetAuthorizationPolicies(env)
	push.AuthnPolicies = initAuthenticationPolicies(env)
	push.JwtKeyResolver = keys
	for name, namespace := range asked.Hosts {
		service := &model.Service{Hostname: host.Name(name)}
		push.ServiceIndex.HostnameAndNamespace[host.Name(name)] = map[string]*model.Service{namespace: service}
	}
	proxy := &model.Proxy{
		Type:            model.SidecarProxy,
		ID:              "workload." + asked.Workload.Namespace,
		ConfigNamespace: asked.Workload.Namespace,
		Labels:          asked.Workload.Labels,
		Metadata:        &model.NodeMetadata{Namespace: asked.Workload.Namespace, Labels: asked.Workload.Labels},
		IstioVersion:    model.MaxIstioVersion,
	}
	return &snapshot{push, store, proxy}, nil
}

func convert(object json.RawMessage) (*config.Config, error) {
	var kind crd.IstioKind
	if err := json.Unmarshal(object, &kind); err != nil {
		return nil, err
	}
	of := kind.GroupVersionKind()
	known, exists := collections.Pilot.FindByGroupKind(resource.FromKubernetesGVK(&of))
	if !exists {
		return nil, fmt.Errorf("unrecognized type %v", of)
	}
	return crd.ConvertObject(known, &kind, "cluster.local")
}

// filters are those of an inbound HTTP and of an inbound TCP chain, in the order in which listener_builder.go and
// networkfilter.go put them.
func (s *snapshot) filters(multipleProviders bool) (http, tcp []json.RawMessage) {
	features.EnableMultipleCustomAuthzProviders = multipleProviders
	// A sidecar reads the peer's name off the connection; filter state is for what comes through HBONE.
	custom := authz.NewBuilder(authz.Custom, s.push, s.proxy, false)
	local := authz.NewBuilder(authz.Local, s.push, s.proxy, false)
	var tokens []*hcm.HttpFilter
	if filter := authn.NewPolicyApplier(s.push, s.proxy, nil).JwtFilter(false); filter != nil {
		tokens = append(tokens, filter)
	}
	class := networking.ListenerClassSidecarInbound
	for _, part := range [][]*hcm.HttpFilter{custom.BuildHTTP(class), tokens, local.BuildHTTP(class)} {
		http = append(http, documents(part)...)
	}
	for _, part := range [][]*listener.Filter{custom.BuildTCP(), local.BuildTCP()} {
		tcp = append(tcp, documents(part)...)
	}
	return http, tcp
}

func documents[T proto.Message](messages []T) []json.RawMessage {
	var result []json.RawMessage
	for _, message := range messages {
		result = append(result, document(message))
	}
	return result
}

// modes are what a sidecar takes at the ports asked for, and at any other (0).
func (s *snapshot) modes(ports []uint32) map[uint32]string {
	applied := authn.NewPolicyApplier(s.push, s.proxy, nil)
	result := map[uint32]string{}
	for _, port := range append([]uint32{0}, ports...) {
		result[port] = applied.GetMutualTLSModeForPort(port).String()
	}
	return result
}

// listed are the objects of a kind, oldest first and then by name, as istiod lists them.
func (s *snapshot) listed(kind config.GroupVersionKind) []config.Config {
	return sortConfigByCreationTime(s.store.List(kind, model.NamespaceAll))
}
