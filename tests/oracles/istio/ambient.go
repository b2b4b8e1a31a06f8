package main

import (
	"encoding/json"
	_ "unsafe" // for go:linkname

	meta "istio.io/api/security/v1beta1"
	client "istio.io/client-go/pkg/apis/security/v1"
	"istio.io/istio/pilot/pkg/model"
	_ "istio.io/istio/pilot/pkg/serviceregistry/ambient" // what the names below are linked to
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/labels"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/workloadapi/security"
	"k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The conversions for ztunnel are not exported. What stands around them (policies.go, workloads.go) works on live
// collections and only selects; ztunnel below selects in the same way.
//
//go:linkname convertAuthorizationPolicy istio.io/istio/pilot/pkg/serviceregistry/ambient.convertAuthorizationPolicy
func convertAuthorizationPolicy(root string, object *client.AuthorizationPolicy) (*security.Authorization, *model.StatusMessage)

//go:linkname convertPeerAuthentication istio.io/istio/pilot/pkg/serviceregistry/ambient.convertPeerAuthentication
func convertPeerAuthentication(root string, own, namespace, mesh *client.PeerAuthentication) *security.Authorization

//go:linkname convertedSelectorPeerAuthentications istio.io/istio/pilot/pkg/serviceregistry/ambient.convertedSelectorPeerAuthentications
func convertedSelectorPeerAuthentications(root string, objects []*client.PeerAuthentication) []string

//go:linkname getOldestPeerAuthn istio.io/istio/pilot/pkg/serviceregistry/ambient.getOldestPeerAuthn
func getOldestPeerAuthn(objects []*client.PeerAuthentication) *client.PeerAuthentication

// ztunnel are the policies that hold for the workload: those of the mesh, of its namespace, and those attached to it.
func (s *snapshot) ztunnel() []json.RawMessage {
	root, namespace := s.push.Mesh.GetRootNamespace(), s.proxy.ConfigNamespace
	var result []json.RawMessage
	for _, one := range s.listed(gvk.AuthorizationPolicy) {
		object := &client.AuthorizationPolicy{ObjectMeta: metadata(one)}
		one.Spec.(*meta.AuthorizationPolicy).DeepCopyInto(&object.Spec)
		converted, _ := convertAuthorizationPolicy(root, object)
		if converted == nil || (one.Namespace != root && one.Namespace != namespace) {
			continue
		}
		if labels.Instance(object.Spec.GetSelector().GetMatchLabels()).SubsetOf(s.proxy.Labels) {
			result = append(result, document(converted))
		}
	}
	for _, converted := range s.transport(root, namespace) {
		result = append(result, document(converted))
	}
	return result
}

// transport is what PeerAuthentication comes to at ztunnel: policies that deny what has no identity.
func (s *snapshot) transport(root, namespace string) []*security.Authorization {
	var fetched, mesh, own []*client.PeerAuthentication
	converted := map[string]*security.Authorization{
		root + "/istio_converted_static_strict": {
			Name:      "istio_converted_static_strict",
			Namespace: root,
			Action:    security.Action_DENY,
			Groups: []*security.Group{{Rules: []*security.Rules{{Matches: []*security.Match{{
				NotPrincipals: []*security.StringMatch{{MatchType: &security.StringMatch_Presence{}}},
			}}}}}},
		},
	}
	var all []*client.PeerAuthentication
	for _, one := range s.listed(gvk.PeerAuthentication) {
		object := &client.PeerAuthentication{ObjectMeta: metadata(one)}
		one.Spec.(*meta.PeerAuthentication).DeepCopyInto(&object.Spec)
		all = append(all, object)
		everywhere := object.Spec.Selector == nil
		selected := labels.Instance(object.Spec.GetSelector().GetMatchLabels()).SubsetOf(s.proxy.Labels)
		if (everywhere && one.Namespace == root) || (one.Namespace == namespace && selected) {
			fetched = append(fetched, object)
		}
		if everywhere && one.Namespace == root {
			mesh = append(mesh, object)
		}
		if everywhere && one.Namespace == namespace {
			own = append(own, object)
		}
	}
	for _, object := range all {
		if object.Namespace != namespace {
			continue
		}
		if policy := convertPeerAuthentication(root, object, getOldestPeerAuthn(own), getOldestPeerAuthn(mesh)); policy != nil {
			converted[policy.Namespace+"/"+policy.Name] = policy
		}
	}
	var result []*security.Authorization
	for _, key := range convertedSelectorPeerAuthentications(root, fetched) {
		// A workload may refer to a policy that istiod does not make after all; ztunnel goes on without it.
		if policy, exists := converted[key]; exists {
			result = append(result, policy)
		}
	}
	return result
}

func metadata(one config.Config) v1.ObjectMeta {
	return v1.ObjectMeta{
		Name: one.Name, Namespace: one.Namespace, Annotations: one.Annotations, CreationTimestamp: v1.NewTime(one.CreationTimestamp),
	}
}
