//! The resources, as Istio 1.31 installs their schemas
//! (`manifests/charts/base/files/crd-all.gen.yaml`), what is the same of all resources, and of Envoy
//! Gateway's the keys from `spec` down to the configuration.

use super::shape::Shape;

/// Any resource, but for its `metadata` and its `spec`.
pub(super) static RESOURCE: Shape = Shape::Object(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", METADATA),
    ("spec", Shape::Any),
    ("status", Shape::Any),
]);

/// `ObjectMeta` of Kubernetes.
const METADATA: Shape = Shape::Object(&[
    ("annotations", Shape::Texts),
    ("creationTimestamp", Shape::Any),
    ("deletionGracePeriodSeconds", Shape::Any),
    ("deletionTimestamp", Shape::Any),
    ("finalizers", Shape::List(&Shape::Text)),
    ("generateName", Shape::Text),
    ("generation", Shape::Any),
    ("labels", Shape::Texts),
    ("managedFields", Shape::Any),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("ownerReferences", Shape::Any),
    ("resourceVersion", Shape::Any),
    ("selfLink", Shape::Any),
    ("uid", Shape::Any),
]);

/// `spec` of a WasmPlugin.
pub(super) static WASM_PLUGIN: Shape = Shape::Object(&[
    ("failStrategy", FAIL_STRATEGY),
    ("imagePullPolicy", IMAGE_PULL_POLICY),
    ("imagePullSecret", Shape::Text),
    ("match", MATCH),
    ("phase", Shape::Word(&["AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE"])),
    ("pluginConfig", Shape::Any),
    ("pluginName", Shape::Text),
    ("priority", PRIORITY),
    ("selector", SELECTOR),
    ("sha256", Shape::Text),
    ("targetRef", TARGET),
    ("targetRefs", Shape::List(&TARGET)),
    ("type", TYPE),
    ("url", Shape::Any),
    ("verificationKey", Shape::Text),
    ("vmConfig", VM),
]);

/// `spec` of a TrafficExtension.
pub(super) static TRAFFIC_EXTENSION: Shape = Shape::Object(&[
    ("lua", Shape::Object(&[("inlineCode", Shape::Text)])),
    ("match", MATCH),
    ("phase", Shape::Word(&["AUTHN", "AUTHZ", "STATS", "UNSPECIFIED"])),
    ("priority", PRIORITY),
    ("selector", SELECTOR),
    ("targetRefs", Shape::List(&TARGET)),
    ("wasm", WASM),
]);

const WASM: Shape = Shape::Object(&[
    ("failStrategy", FAIL_STRATEGY),
    ("imagePullPolicy", IMAGE_PULL_POLICY),
    ("imagePullSecret", Shape::Text),
    ("pluginConfig", Shape::Any),
    ("pluginName", Shape::Text),
    ("sha256", Shape::Text),
    ("type", TYPE),
    ("url", Shape::Any),
    ("verificationKey", Shape::Text),
    ("vmConfig", VM),
]);

const FAIL_STRATEGY: Shape = Shape::Word(&["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]);

const IMAGE_PULL_POLICY: Shape = Shape::Word(&["IfNotPresent", "Always", "UNSPECIFIED_POLICY"]);

const TYPE: Shape = Shape::Word(&["HTTP", "UNSPECIFIED_PLUGIN_TYPE"]);

const PRIORITY: Shape = Shape::Integer(i32::MIN, i32::MAX);

const SELECTOR: Shape = Shape::Object(&[("matchLabels", Shape::Texts)]);

const MATCH: Shape = Shape::List(&Shape::Object(&[
    ("mode", Shape::Word(&["SERVER", "CLIENT", "CLIENT_AND_SERVER", "UNDEFINED"])),
    ("ports", Shape::List(&Shape::Object(&[("number", Shape::Integer(1, 65_535))]))),
]));

const TARGET: Shape = Shape::Object(&[
    ("group", Shape::Text),
    ("kind", Shape::Text),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
]);

const VM: Shape = Shape::Object(&[(
    "env",
    Shape::List(&Shape::Object(&[
        ("name", Shape::Text),
        ("value", Shape::Text),
        ("valueFrom", Shape::Word(&["INLINE", "HOST"])),
    ])),
)]);

/// `spec` of an EnvoyExtensionPolicy. Releases of Envoy Gateway add keys.
pub(super) static ENVOY_EXTENSION_POLICY: Shape = Shape::Open(&[
    ("backends", Shape::Any),
    ("dynamicModule", Shape::Any),
    ("extProc", Shape::Any),
    ("lua", Shape::Any),
    ("targetRef", GATEWAY_TARGET),
    ("targetRefs", Shape::OpenList(&GATEWAY_TARGET)),
    ("targetSelectors", Shape::Any),
    ("wasm", Shape::OpenList(&GATEWAY_WASM)),
]);

const GATEWAY_TARGET: Shape = Shape::Open(&[
    ("group", Shape::Any),
    ("kind", Shape::Any),
    ("name", Shape::Any),
    ("namespace", Shape::Any),
    ("sectionName", Shape::Any),
]);

const GATEWAY_WASM: Shape = Shape::Open(&[
    ("code", GATEWAY_CODE),
    ("config", Shape::Any),
    ("env", Shape::Any),
    ("failOpen", Shape::Any),
    ("name", Shape::Any),
    ("rootID", Shape::Any),
]);

const GATEWAY_CODE: Shape = Shape::Open(&[
    ("http", Shape::Open(&[("sha256", Shape::Any), ("tls", Shape::Any), ("url", Shape::Any)])),
    (
        "image",
        Shape::Open(&[
            ("pullSecretRef", Shape::Any),
            ("sha256", Shape::Any),
            ("tls", Shape::Any),
            ("url", Shape::Any),
        ]),
    ),
    ("pullPolicy", Shape::Any),
    ("type", Shape::Any),
]);
