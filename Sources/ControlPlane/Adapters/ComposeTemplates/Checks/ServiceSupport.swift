/// What the loader understands and the manager does not carry out: each is a problem with its place, so that nothing is
/// left out silently.
struct ServiceSupport {
    let service: ComposeService
    let log: ProblemLog

    func check() {
        if service.cpuset != nil { refuse("cpuset", "not supported: the manager binds no service to processors") }
        if let mode = service.networkMode, mode == "none" {
            refuse("network_mode", "not supported: every service is on a network of its project")
        }
        for (name, dependency) in service.dependsOn where dependency.restarts {
            refuse("depends_on.\(name).restart", "not supported: services are restarted one by one")
        }
        for (index, mount) in service.volumes.enumerated() where mount.volume?.noCopy == true {
            refuse("volumes[\(index)]", "nocopy is not supported: a new volume takes over the image's files")
        }
        for (index, config) in service.configs.enumerated()
        where config.uid != nil || config.gid != nil || config.mode != nil {
            refuse("configs[\(index)]", "uid, gid and mode are not supported: every container can read a config")
        }
        let reservations = service.deploy?.reservations
        if reservations?.cpus != nil || reservations?.pids != nil {
            refuse("deploy.resources.reservations", "not supported but for memory")
        }
        for (index, line) in service.tmpfs.enumerated() {
            do throws(TmpfsSyntax.Failure) {
                _ = try TmpfsSyntax(line)
            } catch { refuse("tmpfs[\(index)]", error.reason) }
        }
        checkTexts()
    }

    /// What the engine would refuse to create a container with.
    private func checkTexts() {
        if let image = service.image, let reason = ImageName.refusal(of: image) { refuse("image", reason) }
        for name in service.environment.keys.sorted() where name.isEmpty || name.contains("=") {
            refuse("environment", "\"\(name)\" is no name of a variable")
        }
        let targets =
            service.volumes.enumerated().map { ("volumes[\($0.offset)]", $0.element.target) }
            + service.tmpfs.enumerated().map { ("tmpfs[\($0.offset)]", String($0.element.prefix { $0 != ":" })) }
            + service.configs.enumerated().map { ("configs[\($0.offset)]", $0.element.path) }
        for (key, target) in targets {
            let cleaned = ProjectPath.cleaned(target)
            guard !target.hasPrefix("/") || cleaned == "/" else { continue }
            refuse(key, "\"\(target)\" is no place for a mount: it takes an absolute path below /")
        }
        if let folder = service.workingDir, !folder.hasPrefix("/") {
            refuse("working_dir", "\"\(folder)\" is not an absolute path")
        }
    }

    private func refuse(_ key: String, _ reason: String) {
        let path = "services.\(service.name).\(key)"
        // Variables can hold secrets: a message shows what the file says, never what they give.
        let template = log.template(at: path).map { "\"\($0.prefix(80))\" does not give what is allowed here" }
        log.add(.unsupported, path: path, template ?? reason)
    }
}

/// Names of images, by the engine's grammar: `[registry[:port]/]path[:tag][@digest]`.
public enum ImageName {
    private static let lengthMax = 255

    /// Why `text` is no name of an image; nil where it is one.
    public static func refusal(of text: String) -> String? {
        guard text.utf8.count <= lengthMax else { return "the image's name is longer than \(lengthMax) characters" }
        let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if halves.count == 2, halves[1].wholeMatch(of: /[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}/) == nil {
            return "\"\(halves[1].prefix(80))\" is no digest such as sha256: and 64 hex digits"
        }
        var name = halves[0][...]
        if let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") {
            let tag = name[name.index(after: colon)...]
            guard tag.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}/) != nil else {
                return "\"\(tag.prefix(80))\" is no tag of an image"
            }
            name = name[..<colon]
        }
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        // The first part is a registry where it has a dot or a port, or is localhost; registries may have capitals.
        if parts.count > 1, let first = parts.first,
            first.contains(where: { ".:".contains($0) }) || first == "localhost"
        {
            guard first.wholeMatch(of: /[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?/) != nil else {
                return "\"\(first.prefix(80))\" is no registry"
            }
            parts.removeFirst()
        }
        guard !parts.isEmpty, parts.allSatisfy({ $0.wholeMatch(of: /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/) != nil })
        else { return "\"\(text.prefix(80))\" is no name of an image: it has small letters, digits, and . _ - between" }
        return nil
    }
}
