//! Trust domains of the mesh: Istio takes `cluster.local` in a policy for the mesh's own, and its
//! aliases for it.

/// The name of whatever the mesh's own trust domain is.
const LOCAL: &str = "cluster.local";

/// The mesh's trust domain, and its aliases behind it; never empty.
#[derive(Clone, Debug)]
pub(super) struct TrustDomains(Vec<String>);

impl TrustDomains {
    /// Creates the trust domains of a mesh; `cluster.local` where none is named.
    pub(super) fn new(named: &[String]) -> Self {
        if named.is_empty() { Self(vec![LOCAL.to_owned()]) } else { Self(named.to_vec()) }
    }

    /// Returns the principals that a principal of a policy stands for, as istiod writes them.
    pub(super) fn principals(&self, principal: &str) -> Vec<String> {
        let as_it_is = || vec![principal.to_owned()];
        let Some((domain, rest)) = principal.split_once('/') else { return as_it_is() };
        // Only a whole principal, `<domain>/ns/<namespace>/sa/<account>`, has a domain that counts.
        if rest.matches('/').count() != 3 || domain == "*" {
            return as_it_is();
        }
        let is_own = |own: &String| is_pattern_of(own, domain) || is_pattern_of(domain, own);
        if domain != LOCAL && !self.0.iter().any(is_own) {
            return as_it_is();
        }
        let one = |own: &String| match domain.strip_prefix('*') {
            Some(end) if own.ends_with(end) => principal.to_owned(),
            _ => format!("{own}/{rest}"),
        };
        self.0.iter().map(one).collect()
    }

    /// Returns the trust domains that one of a policy stands for.
    pub(super) fn expand(&self, domain: &str) -> Vec<String> {
        if self.0.iter().any(|own| own == domain) {
            self.0.clone()
        } else {
            vec![domain.to_owned()]
        }
    }
}

/// Returns whether a text is that of a pattern: `exact`, `prefix*` or `*suffix`.
fn is_pattern_of(text: &str, pattern: &str) -> bool {
    text == pattern
        || pattern.strip_suffix('*').is_some_and(|start| text.starts_with(start))
        || pattern.strip_prefix('*').is_some_and(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(named: &[&str]) -> TrustDomains {
        TrustDomains::new(&named.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn the_local_domain_is_the_meshs_own_with_its_aliases() {
        let mesh = domains(&["td.example", "old.example"]);
        let all = ["td.example/ns/a/sa/b", "old.example/ns/a/sa/b"];
        assert_eq!(mesh.principals("cluster.local/ns/a/sa/b"), all);
        assert_eq!(mesh.principals("old.example/ns/a/sa/b"), all);
        assert_eq!(
            mesh.principals("*.example/ns/a/sa/b"),
            ["*.example/ns/a/sa/b", "*.example/ns/a/sa/b"]
        );
    }

    #[test]
    fn what_names_no_domain_of_the_mesh_stays() {
        let mesh = domains(&["td.example"]);
        for principal in
            ["*", "*/ns/a/sa/b", "other.example/ns/a/sa/b", "cluster.local/ns/a/*", "a"]
        {
            assert_eq!(mesh.principals(principal), [principal]);
        }
        assert_eq!(domains(&[]).principals("cluster.local/ns/a/sa/b"), ["cluster.local/ns/a/sa/b"]);
    }
}
