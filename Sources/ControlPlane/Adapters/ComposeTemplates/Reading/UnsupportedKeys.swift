/// Why keys of the Compose Specification are not carried out. Keys that are neither here nor supported are unknown.
enum UnsupportedKeys {
    static let atTopLevel: [String: String] = [
        "secrets": "not supported: declare generated secrets in x-supamanager.secrets and pass them as variables",
        "include": "not supported: a template is one file",
        "models": "not supported: there is no model runner",
    ]

    static let ofService: [String: String] = {
        var reasons: [String: String] = [
            "build": "not supported: images are pulled, never built",
            "develop": "not supported: images are pulled, never built",
            "extends": "not supported: a template is one file; use anchors and <<",
            "secrets": "not supported: declare generated secrets in x-supamanager.secrets and pass them as variables",
            "devices": "not supported: a project gets no device of the host",
            "device_cgroup_rules": "not supported: a project gets no device of the host",
            "gpus": "not supported: a project gets no device of the host",
            "use_api_socket": "not supported: no service gets the engine's socket",
            "links": "not supported: services reach each other by name on their network",
            "external_links": "not supported: a project reaches no container outside of it",
            "volumes_from": "not supported: name the volumes in every service that uses them",
            "scale": "not supported: a service has one container",
            "models": "not supported: there is no model runner",
            "provider": "not supported: a service is a container",
            "mem_swappiness": "not supported: control groups of version 2 have no such setting",
            "userns_mode": "not supported: it would take the container out of its user namespace",
            "cgroup": "not supported: it would take the container out of its control group",
            "cgroup_parent": "not supported: it would take the container out of its control group",
            "uts": "not supported: it would share the host's name",
        ]
        for key in plain where reasons[key] == nil { reasons[key] = "not supported" }
        return reasons
    }()

    /// Keys below `deploy`.
    static let ofDeploy: [String: String] = [
        "mode", "replicas", "endpoint_mode", "labels", "placement", "restart_policy", "rollback_config",
        "update_config",
    ].reduce(into: [:]) { $0[$1] = "not supported: there is no swarm; only deploy.resources is carried out" }

    /// Keys of the Compose Specification without a reason of their own.
    private static let plain = [
        "annotations", "attach", "blkio_config", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
        "cpu_rt_runtime", "credential_spec", "dns", "dns_opt", "dns_search", "domainname", "group_add", "isolation",
        "label_file", "mac_address", "oom_kill_disable", "oom_score_adj", "platform", "post_start", "pre_start",
        "pre_stop", "pull_refresh_after", "runtime", "stdin_open", "storage_opt", "sysctls", "tty",
    ]
}
