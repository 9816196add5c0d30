package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// A source is a kustomization to build, a file to read as it is, or a block of a page.
type source struct {
	path  string
	built bool
	// What a block holds; elsewhere nil.
	text []byte
}

// A file says in these words that what it holds is not for every supported release.
var needsRelease = regexp.MustCompile(`(?i)\bneeds (istio|envoy gateway) (\d+\.\d+)\b`)

// needs tells from which release of a product on the source is good, as its own files say. What a kustomization takes
// from elsewhere does not count: who reads it should find it there too.
func (s source) needs() (map[string]string, error) {
	texts := []string{string(s.text)}
	if s.text == nil {
		files := []string{s.path}
		if s.built {
			var err error
			if files, err = filepath.Glob(filepath.Join(s.path, "*.yaml")); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			texts = append(texts, string(text))
		}
	}
	needs := map[string]string{}
	for _, text := range texts {
		for _, found := range needsRelease.FindAllStringSubmatch(text, -1) {
			product := strings.ReplaceAll(strings.ToLower(found[1]), " ", "-")
			if known, twice := needs[product]; !twice || older(known, found[2]) {
				needs[product] = found[2]
			}
		}
	}
	return needs, nil
}

// objectsOf lists the blocks of a page that hold objects: settings and fragments have no kind, and what kustomize reads no
// cluster does.
func objectsOf(page string) ([]source, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	var sources []source
	for _, block := range yamlBlocks(page, string(text)) {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if yaml.Unmarshal([]byte(block.text), &head) != nil || head.Kind == "" || strings.HasPrefix(head.APIVersion, "kustomize.") {
			continue
		}
		sources = append(sources, source{path: fmt.Sprintf("%s:%d", page, block.line), text: []byte(block.text)})
	}
	return sources, nil
}

// isOverlay tells whether this is what people apply first: it must change nothing but what it says.
func (s source) isOverlay() bool {
	return s.built && filepath.Base(filepath.Dir(s.path)) == "overlays"
}

const kustomization = "kustomization.yaml"

// find lists the kustomizations below the folders, the files with objects that none of them is beside, and the objects in
// pages. Components can't be built by themselves; what uses them builds them.
func find(folders []string) ([]source, error) {
	var sources []source
	for _, folder := range folders {
		if filepath.Ext(folder) == ".md" {
			found, err := objectsOf(folder)
			if err != nil {
				return nil, err
			}
			sources = append(sources, found...)
			continue
		}
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
				return err
			}
			if entry.Name() == kustomization {
				kind, err := kindOf(path)
				if err == nil && kind == "Kustomization" {
					sources = append(sources, source{path: filepath.Dir(path), built: true})
				}
				return err
			}
			if below(folder, filepath.Dir(path)) {
				return nil
			}
			kind, err := kindOf(path)
			if err == nil && kind != "" {
				sources = append(sources, source{path: path})
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
	if s.text != nil {
		return s.text, nil
	}
	if !s.built {
		return os.ReadFile(s.path)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), s.path)
	if err != nil {
		return nil, fmt.Errorf("it can't be built: %w", err)
	}
	return built.AsYaml()
}
