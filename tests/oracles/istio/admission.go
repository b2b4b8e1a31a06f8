package main

import (
	"encoding/json"
	"os"

	"istio.io/istio/manifests"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	crdvalidation "istio.io/istio/pkg/config/crd"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// admission is both doors that an object passes: the schema and the CEL rules of its custom resource definition, as the
// API server applies them, and Istio's validating webhook.
type admission struct {
	schemas *crdvalidation.Validator
}

func newAdmission() (*admission, error) {
	// The validator reads files only; the definitions are embedded in Istio's module.
	definitions, err := manifests.FS.ReadFile("charts/base/files/crd-all.gen.yaml")
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "istio-crds-*.yaml")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(definitions); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	schemas, err := crdvalidation.NewValidatorFromFiles(file.Name())
	return &admission{schemas}, err
}

// review is empty for an object that is taken, else it says why not.
func (a *admission) review(object json.RawMessage) string {
	var content unstructured.Unstructured
	if err := json.Unmarshal(object, &content.Object); err != nil {
		return err.Error()
	}
	if err := a.schemas.ValidateCustomResource(&content); err != nil {
		return err.Error()
	}
	var kind crd.IstioKind
	if err := json.Unmarshal(object, &kind); err != nil {
		return err.Error()
	}
	gvk := kind.GroupVersionKind()
	known, exists := collections.Pilot.FindByGroupKind(resource.FromKubernetesGVK((*schema.GroupVersionKind)(&gvk)))
	if !exists {
		return "unrecognized type " + gvk.String()
	}
	converted, err := crd.ConvertObject(known, &kind, "cluster.local")
	if err != nil {
		return err.Error()
	}
	if _, err := known.ValidateConfig(*converted); err != nil {
		return err.Error()
	}
	return ""
}
