package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/util"
	security "istio.io/istio/pilot/pkg/security/model"
	"istio.io/istio/pilot/pkg/xds/endpoints"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/test"
	"istio.io/istio/pkg/wellknown"
	"k8s.io/apimachinery/pkg/runtime"
)

// caller is a pod with a sidecar.
type caller struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Address   string            `json:"address"`
	// Dials are destinations that its application connects to.
	Dials []dial `json:"dials"`
}

// dial is an address and a port, and the host name that the application means.
type dial struct {
	Host    string `json:"host"`
	Address string `json:"address"`
	Port    int    `json:"port"`
	// Speaks is `http` or `tcp` (perhaps TLS of its own, for any name); empty: either.
	Speaks string `json:"speaks"`
}

// sending is one backend that a connection may come out at, and how the client's proxy speaks to it: `plaintext`, `mtls`
// with Istio's certificate, `tls` without a certificate, `custom` with another one, `hbone`.
type sending struct {
	Cluster   string `json:"cluster"`
	Address   string `json:"address"`
	Port      int    `json:"port"`
	Transport string `json:"transport"`
}

// sent is, for each client and each of its dials, what the Envoy that istiod configures may make of it.
func sent(asked question) (result [][][]sending, err error) {
	settings := "{}"
	if len(asked.Mesh) > 0 {
		settings = string(asked.Mesh)
	}
	meshConfig, err := mesh.ApplyMeshConfigDefaults(settings)
	if err != nil {
		return nil, err
	}
	var configs []config.Config
	for _, object := range asked.Objects {
		converted, err := convert(object)
		if err != nil {
			return nil, err
		}
		configs = append(configs, *converted)
	}
	var objects []runtime.Object
	for _, object := range asked.Cluster {
		decoded, _, err := kube.IstioCodec.UniversalDeserializer().Decode(object, nil, nil)
		if err != nil {
			return nil, err
		}
		objects = append(objects, decoded)
	}
	err = test.Wrap(func(t test.Failer) { // in a goroutine of its own, whose panics nobody else would recover
		defer func() {
			if wrong := recover(); wrong != nil {
				t.Fatalf("panic: %v", wrong)
			}
		}()
		server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
			Configs: configs, KubernetesObjects: objects, MeshConfig: meshConfig,
		})
		for _, one := range asked.Clients {
			result = append(result, newEnvoy(server, one).all(one.Dials))
		}
	})
	return result, err
}

// envoy is a sidecar's configuration, read as Envoy does as far as istiod makes use of it for outbound connections.
type envoy struct {
	server    *xds.FakeDiscoveryServer
	proxy     *model.Proxy
	listeners []*listener.Listener
	clusters  map[string]*cluster.Cluster
	routes    map[string]*route.RouteConfiguration
}

func newEnvoy(server *xds.FakeDiscoveryServer, of caller) *envoy {
	proxy := server.SetupProxy(&model.Proxy{
		Type:            model.SidecarProxy,
		ID:              of.Name + "." + of.Namespace,
		ConfigNamespace: of.Namespace,
		Labels:          of.Labels,
		IPAddresses:     []string{of.Address},
		IstioVersion:    model.MaxIstioVersion,
		Metadata:        &model.NodeMetadata{Namespace: of.Namespace, Labels: of.Labels, ClusterID: constants.DefaultClusterName},
	})
	listeners := server.Listeners(proxy)
	return &envoy{
		server, proxy, listeners,
		xdstest.ExtractClusters(server.Clusters(proxy)),
		xdstest.ExtractRouteConfigurations(server.RoutesFromListeners(proxy, listeners)),
	}
}

func (e *envoy) all(dials []dial) [][]sending {
	result := make([][]sending, 0, len(dials))
	for _, one := range dials {
		found := []sending{}
		for _, name := range e.reached(one) {
			found = append(found, e.backends(name, one)...)
		}
		result = append(result, found)
	}
	return result
}

// reached are the names of the clusters that a connection may be sent to, whatever its bytes.
func (e *envoy) reached(to dial) []string {
	var result []string
	for _, chain := range e.chains(to) {
		for _, filter := range chain.Filters {
			switch filter.Name {
			case wellknown.TCPProxy:
				proxy := &tcp.TcpProxy{}
				must(filter.GetTypedConfig().UnmarshalTo(proxy))
				result = append(result, proxy.GetCluster())
				for _, one := range proxy.GetWeightedClusters().GetClusters() {
					result = append(result, one.Name)
				}
			case wellknown.HTTPConnectionManager:
				manager := &hcm.HttpConnectionManager{}
				must(filter.GetTypedConfig().UnmarshalTo(manager))
				routes := manager.GetRouteConfig()
				if routes == nil {
					routes = e.routes[manager.GetRds().GetRouteConfigName()]
				}
				result = append(result, routed(routes, to.Host)...)
			}
		}
	}
	slices.Sort(result)
	return slices.DeleteFunc(slices.Compact(result), func(name string) bool { return name == "" })
}

// chains are the filter chains of the listener for a destination that may get it.
func (e *envoy) chains(to dial) []*listener.FilterChain {
	var found *listener.Listener
	for _, address := range []string{to.Address, "0.0.0.0"} {
		for _, one := range e.listeners {
			socket := one.GetAddress().GetSocketAddress()
			if found == nil && socket.GetAddress() == address && int(socket.GetPortValue()) == to.Port {
				found = one
			}
		}
	}
	if found == nil {
		found = xdstest.ExtractListener(model.VirtualOutboundListenerName, e.listeners)
	}
	// Of the chains that name addresses, those that name it most exactly; without any the chains that name none.
	best, fitting := -1, []*listener.FilterChain(nil)
	for _, chain := range found.FilterChains {
		match := chain.GetFilterChainMatch()
		if port := match.GetDestinationPort(); port != nil && int(port.GetValue()) != to.Port {
			continue
		}
		rank := covering(match.GetPrefixRanges(), to.Address)
		if len(match.GetPrefixRanges()) > 0 && rank < 0 {
			continue
		}
		if rank > best {
			best, fitting = rank, nil
		}
		if rank == best {
			fitting = append(fitting, chain)
		}
	}
	var sniffed, named, other []*listener.FilterChain
	for _, chain := range fitting {
		switch match := chain.GetFilterChainMatch(); {
		case len(match.GetApplicationProtocols()) > 0:
			sniffed = append(sniffed, chain)
		case len(match.GetServerNames()) > 0:
			named = append(named, chain)
		default:
			other = append(other, chain)
		}
	}
	if len(other) == 0 && found.DefaultFilterChain != nil {
		other = append(other, found.DefaultFilterChain)
	}
	if len(sniffed) == 0 {
		sniffed = other
	}
	switch to.Speaks {
	case "http":
		return sniffed
	case "tcp":
		return append(named, other...)
	}
	return append(append(sniffed, named...), other...)
}

// covering is the length of the longest of the ranges that hold an address, else -1.
func covering(ranges []*core.CidrRange, address string) int {
	best := -1
	for _, one := range ranges {
		prefix := netip.PrefixFrom(netip.MustParseAddr(one.AddressPrefix), int(one.GetPrefixLen().GetValue()))
		if prefix.Contains(netip.MustParseAddr(address)) {
			best = max(best, prefix.Bits())
		}
	}
	return best
}

// routed are the clusters of all routes of the virtual host for a name.
func routed(routes *route.RouteConfiguration, host string) []string {
	var best *route.VirtualHost
	longest := 0
	for _, one := range routes.GetVirtualHosts() {
		for _, domain := range one.Domains {
			matches, length := domain == host, len(domain)+1 // an exact name goes before any star
			if strings.HasPrefix(domain, "*") {
				matches, length = strings.HasSuffix(host, domain[1:]), len(domain)
			}
			if matches && length > longest {
				best, longest = one, length
			}
		}
	}
	var result []string
	for _, one := range best.GetRoutes() {
		result = append(result, one.GetRoute().GetCluster())
		for _, weighted := range one.GetRoute().GetWeightedClusters().GetClusters() {
			result = append(result, weighted.Name)
		}
	}
	return result
}

// backends are the endpoints of a cluster, each with its transport.
func (e *envoy) backends(name string, to dial) []sending {
	found := e.clusters[name]
	if found == nil || name == util.BlackHoleCluster {
		return nil
	}
	var groups []*endpoint.LocalityLbEndpoints
	switch found.GetType() {
	case cluster.Cluster_ORIGINAL_DST:
		return []sending{{name, to.Address, to.Port, transport(found, nil)}}
	case cluster.Cluster_EDS:
		service := name
		if said := found.GetEdsClusterConfig().GetServiceName(); said != "" {
			service = said
		}
		builder := endpoints.NewEndpointBuilder(service, e.proxy, e.server.PushContext())
		groups = builder.BuildClusterLoadAssignment(e.server.Discovery.Env.EndpointIndex).GetEndpoints()
	default:
		groups = found.GetLoadAssignment().GetEndpoints()
	}
	var result []sending
	for _, group := range groups {
		for _, one := range group.LbEndpoints {
			address, port := place(one.GetEndpoint().GetAddress())
			result = append(result, sending{name, address, port, transport(found, one.GetMetadata())})
		}
	}
	return result
}

func place(address *core.Address) (string, int) {
	if inner := address.GetEnvoyInternalAddress(); inner != nil {
		host, port, err := net.SplitHostPort(inner.GetEndpointId())
		must(err)
		number, err := strconv.Atoi(port)
		must(err)
		return host, number
	}
	return address.GetSocketAddress().GetAddress(), int(address.GetSocketAddress().GetPortValue())
}

// transport is the socket that Envoy chooses for an endpoint: the first whose match the endpoint's metadata fulfil.
func transport(of *cluster.Cluster, metadata *core.Metadata) string {
	own := metadata.GetFilterMetadata()[util.EnvoyTransportSocketMetadataKey].GetFields()
	for _, one := range of.GetTransportSocketMatches() {
		if fulfilled(one.GetMatch().GetFields(), own) {
			return spoken(one.GetTransportSocket())
		}
	}
	return spoken(of.GetTransportSocket())
}

func fulfilled(wanted, own map[string]*structpb.Value) bool {
	for key, value := range wanted {
		if own[key].GetStringValue() != value.GetStringValue() {
			return false
		}
	}
	return true
}

func spoken(socket *core.TransportSocket) string {
	switch socket.GetName() {
	case "", wellknown.TransportSocketRawBuffer:
		return "plaintext"
	case wellknown.TransportSocketTLS:
		context := &tls.UpstreamTlsContext{}
		must(socket.GetTypedConfig().UnmarshalTo(context))
		certificates := context.GetCommonTlsContext().GetTlsCertificateSdsSecretConfigs()
		switch {
		case len(certificates) == 0:
			return "tls"
		case certificates[0].Name == security.SDSDefaultResourceName:
			return "mtls"
		}
		return "custom"
	}
	if strings.Contains(socket.GetName(), "internal_upstream") {
		return "hbone"
	}
	panic(fmt.Sprintf("unknown transport socket %s", socket.GetName()))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
