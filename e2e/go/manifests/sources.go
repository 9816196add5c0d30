package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// A source is a kustomization to build, or a file to read as it is.
type source struct {
	path  string
	built bool
}

// isOverlay tells whether this is what people apply first: it must change nothing but what it says.
func (s source) isOverlay() bool {
	return s.built && filepath.Base(filepath.Dir(s.path)) == "overlays"
}

const kustomization = "kustomization.yaml"

// find lists the kustomizations below the folders, and the files with objects that none of them is beside. Components
// can't be built by themselves; what uses them builds them.
func find(folders []string) ([]source, error) {
	var sources []source
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
				return err
			}
			if entry.Name() == kustomization {
				kind, err := kindOf(path)
				if err == nil && kind == "Kustomization" {
					sources = append(sources, source{filepath.Dir(path), true})
				}
				return err
			}
			if below(folder, filepath.Dir(path)) {
				return nil
			}
			kind, err := kindOf(path)
			if err == nil && kind != "" {
				sources = append(sources, source{path, false})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	sort.Slice(sources, func(i, j int) bool { return sources[i].path < sources[j].path })
	return sources, nil
}

// below tells whether a folder, or one above it up to root, is a kustomization.
func below(root, folder string) bool {
	for {
		if _, err := os.Stat(filepath.Join(folder, kustomization)); err == nil {
			return true
		}
		if folder == root || folder == filepath.Dir(folder) {
			return false
		}
		folder = filepath.Dir(folder)
	}
}

// kindOf gives the kind of a file's first document; a file of settings has none.
func kindOf(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(text), "\n---")
	var head struct {
		Kind string `json:"kind"`
	}
	if err := yaml.Unmarshal([]byte(first), &head); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return head.Kind, nil
}

func (s source) read() ([]byte, error) {
	if !s.built {
		return os.ReadFile(s.path)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), s.path)
	if err != nil {
		return nil, fmt.Errorf("it can't be built: %w", err)
	}
	return built.AsYaml()
}
