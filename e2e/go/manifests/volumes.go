package main

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

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
	known := map[string]bool{}
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
	for _, name := range volumesOf(object) {
		known[name] = true
	}
	for name, volume := range volumes {
		known[name] = true
		if volume == (corev1.VolumeSource{}) {
			faults = append(faults, fmt.Errorf("the annotation `%s`: `%s` has no source", userVolumes, name))
		}
		if _, mounted := mounts[name]; !mounted {
			faults = append(faults, fmt.Errorf("the annotation `%s` does not mount `%s`", userMounts, name))
		}
	}
	for name, mount := range mounts {
		if !known[name] {
			faults = append(faults, fmt.Errorf("the annotation `%s` mounts `%s`, which is no volume", userMounts, name))
		}
		if mount.MountPath == "" {
			faults = append(faults, fmt.Errorf("the annotation `%s`: `%s` has no mountPath", userMounts, name))
		}
	}
	return faults
}

// volumesOf names the volumes of an object's pod template.
func volumesOf(object map[string]any) []string {
	volumes, _, _ := unstructured.NestedSlice(object, "spec", "template", "spec", "volumes")
	var names []string
	for _, volume := range volumes {
		if volume, fits := volume.(map[string]any); fits {
			name, _ := volume["name"].(string)
			names = append(names, name)
		}
	}
	return names
}

// checkModuleFiles tells where a plugin that reads the module from a file selects pods whose proxy has no such file, or, among
// workloads, none at all.
func checkModuleFiles(objects []map[string]any) []error {
	var faults []error
	for _, plugin := range objects {
		url, _, _ := unstructured.NestedString(plugin, "spec", "url")
		file, isFile := strings.CutPrefix(url, "file://")
		if plugin["kind"] != "WasmPlugin" || !isFile {
			continue
		}
		selector, _, _ := unstructured.NestedStringMap(plugin, "spec", "selector", "matchLabels")
		if len(selector) == 0 {
			faults = append(faults, fmt.Errorf("the module is a file, and no selector keeps it to the pods that have it"))
		}
		workloads, selected := 0, 0
		for _, workload := range objects {
			labels, found, _ := unstructured.NestedStringMap(workload, "spec", "template", "metadata", "labels")
			if !found {
				continue
			}
			workloads++
			if !includes(labels, selector) {
				continue
			}
			selected++
			if !mounts(workload, path.Dir(file)) {
				faults = append(faults, fmt.Errorf("nothing is mounted at `%s` in the proxy of `%s`", path.Dir(file), name(workload)))
			}
		}
		if workloads > 0 && selected == 0 {
			faults = append(faults, fmt.Errorf("the plugin selects none of the %d workloads beside it", workloads))
		}
	}
	return faults
}

func includes(labels, selector map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}

// mounts tells whether a workload's annotations mount something there into Istio's proxy.
func mounts(workload map[string]any, folder string) bool {
	annotations, _, _ := unstructured.NestedStringMap(workload, "spec", "template", "metadata", "annotations")
	var mounts map[string]corev1.VolumeMount
	if json.Unmarshal([]byte(annotations[userMounts]), &mounts) != nil {
		return false
	}
	for _, mount := range mounts {
		if mount.MountPath == folder {
			return true
		}
	}
	return false
}
