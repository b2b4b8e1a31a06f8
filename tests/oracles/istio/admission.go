package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"

	"istio.io/istio/manifests"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	crdvalidation "istio.io/istio/pkg/config/crd"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// admission is both doors that an object passes: the schema and the CEL rules of its custom resource definition, as the
// API server applies them, and Istio's validating webhook.
type admission struct {
	validator *crdvalidation.Validator
	schemas   map[schema.GroupVersionKind]*structuralschema.Structural
}

func newAdmission() (*admission, error) {
	definitions, err := manifests.FS.ReadFile("charts/base/files/crd-all.gen.yaml")
	if err != nil {
		return nil, err
	}
	// The validator reads files only.
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
	validator, err := crdvalidation.NewValidatorFromFiles(file.Name())
	if err != nil {
		return nil, err
	}
	schemas, err := schemasOf(definitions)
	return &admission{validator, schemas}, err
}

func schemasOf(definitions []byte) (map[schema.GroupVersionKind]*structuralschema.Structural, error) {
	found := map[schema.GroupVersionKind]*structuralschema.Structural{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(definitions), 512*1024)
	for {
		var written apiextensionsv1.CustomResourceDefinition
		if err := decoder.Decode(&written); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		var definition apiextensions.CustomResourceDefinition
		if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&written, &definition, nil); err != nil {
			return nil, err
		}
		for _, version := range definition.Spec.Versions {
			validation, err := apiextensions.GetSchemaForVersion(&definition, version.Name)
			if err != nil {
				return nil, err
			}
			structural, err := structuralschema.NewStructural(validation.OpenAPIV3Schema)
			if err != nil {
				return nil, err
			}
			kind := schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind}
			found[kind] = structural
		}
	}
}

// review is empty for an object that is taken, else it says why not.
func (a *admission) review(object json.RawMessage) string {
	var content unstructured.Unstructured
	if err := content.UnmarshalJSON(object); err != nil {
		return err.Error()
	}
	// The API server drops nulls before it looks at anything; Istio's validator, made for tests, does not.
	if structural := a.schemas[content.GroupVersionKind()]; structural != nil {
		defaulting.PruneNonNullableNullsWithoutDefaults(content.Object, structural)
	}
	if err := a.validator.ValidateCustomResource(&content); err != nil {
		return err.Error()
	}
	pruned, err := content.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	var kind crd.IstioKind
	if err := json.Unmarshal(pruned, &kind); err != nil {
		return err.Error()
	}
	of := kind.GroupVersionKind()
	known, exists := collections.Pilot.FindByGroupKind(resource.FromKubernetesGVK(&of))
	if !exists {
		return "unrecognized type " + of.String()
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
