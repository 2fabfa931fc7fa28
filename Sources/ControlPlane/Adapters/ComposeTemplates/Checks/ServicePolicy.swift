/// `TemplatePolicy.standard` for one service.
struct ServicePolicy {
    let service: ComposeService
    let logging: LoggingPolicy
    let log: ProblemLog

    func check() {
        checkNamespaces()
        checkRights()
        for (index, mount) in service.volumes.enumerated() where mount.kind == .bind {
            if let reason = Self.refusal(ofBind: mount.source ?? "") {
                refuse("volumes[\(index)]", reason)
            } else if !mount.readOnly {
                refuse(
                    "volumes[\(index)]",
                    "the files of a template are for reading: mount them with :ro, and use a named volume for data")
            }
        }
        if let refusal = service.logging.flatMap(logging.refusal(of:)) {
            refuse("logging.\(refusal.key)", refusal.reason)
        }
        for line in service.extraHosts where line.hasSuffix("=host-gateway") {
            refuse("extra_hosts", "host-gateway leads to the host, which is no part of a project")
        }
        for label in service.labels.keys.sorted()
        where TemplatePolicy.reservedLabelPrefixes.contains(where: { label.hasPrefix($0) }) {
            refuse("labels.\(label)", "the label belongs to the manager")
        }
        if service.containerName != nil {
            refuse("container_name", "a second project would get the same name; leave it out")
        }
    }

    private func checkNamespaces() {
        if let mode = service.networkMode, mode != "none" {
            refuse("network_mode", "\"\(mode)\" leaves the project's own network; leave it out")
        }
        if let pid = service.pid { refuse("pid", "\"\(pid)\" shows the service processes outside of its container") }
        if let ipc = service.ipc, ipc != "private" {
            refuse("ipc", "\"\(ipc)\" shares memory outside of the container; leave it out")
        }
    }

    private func checkRights() {
        if service.privileged == true { refuse("privileged", "full rights on the host end all isolation") }
        for (index, capability) in service.capAdd.enumerated() {
            let upper = capability.uppercased()
            let name = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
            guard !TemplatePolicy.allowedCapabilities.contains(name) else { continue }
            refuse("cap_add[\(index)]", "the capability \(capability) reaches beyond the container")
        }
        for (index, option) in service.securityOpt.enumerated() {
            guard !["no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"].contains(option) else {
                continue
            }
            refuse(
                "security_opt[\(index)]",
                "\"\(option)\" changes the container's confinement; only no-new-privileges is allowed")
        }
    }

    /// Why a bind of `source` is refused; nil for a path inside the project folder.
    static func refusal(ofBind source: String) -> String? {
        let path = ProjectPath.cleaned(source)
        if path.hasSuffix("docker.sock") || path.hasSuffix("docker.sock.raw") {
            return "the engine's socket gives full rights on the host"
        }
        for folder in ["/run", "/var/run"] where path == folder || path.hasPrefix(folder + "/") {
            return "\"\(source)\" holds the engine's socket, which gives full rights on the host"
        }
        guard ProjectPath.isInside(source) else {
            return "\"\(source)\" is outside the project folder; use a relative path without .., or a named volume"
        }
        return nil
    }

    private func refuse(_ key: String, _ reason: String) {
        log.add(.refused, path: "services.\(service.name).\(key)", reason)
    }
}
