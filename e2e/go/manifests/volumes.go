package main

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "sigs.k8s.io/json"
)

const (
	userVolumes = "sidecar.istio.io/userVolume"
	userMounts  = "sidecar.istio.io/userVolumeMount"
)

// checkProxyVolumes reads what a pod template's annotations give Istio's proxy besides its own volumes, as the injector
// does: JSON by name. A typing error in it would show only where pods start.
func checkProxyVolumes(object map[string]any) []error {
	annotations, _, _ := unstructured.NestedStringMap(object, "spec", "template", "metadata", "annotations")
	volumes := map[string]corev1.VolumeSource{}
	mounts := map[string]corev1.VolumeMount{}
	var faults []error
	for annotation, into := range map[string]any{userVolumes: &volumes, userMounts: &mounts} {
		text, found := annotations[annotation]
		if !found {
			continue
		}
		if !json.Valid([]byte(text)) {
			faults = append(faults, fmt.Errorf("the annotation `%s` is not JSON", annotation))
			continue
		}
		strict, err := utiljson.UnmarshalStrict([]byte(text), into)
		if err != nil {
			strict = append(strict, err)
		}
		for _, err := range strict {
			faults = append(faults, fmt.Errorf("the annotation `%s`: %w", annotation, err))
		}
	}
	for name, volume := range volumes {
		if volume == (corev1.VolumeSource{}) {
			faults = append(faults, fmt.Errorf("the annotation `%s`: `%s` has no source", userVolumes, name))
		}
		if _, mounted := mounts[name]; !mounted {
			faults = append(faults, fmt.Errorf("the annotation `%s` does not mount `%s`", userMounts, name))
		}
	}
	for name, mount := range mounts {
		if _, found := volumes[name]; !found {
			faults = append(faults, fmt.Errorf("the annotation `%s` mounts `%s`, which is no volume", userMounts, name))
		}
		if mount.MountPath == "" {
			faults = append(faults, fmt.Errorf("the annotation `%s`: `%s` has no mountPath", userMounts, name))
		}
	}
	return faults
}
