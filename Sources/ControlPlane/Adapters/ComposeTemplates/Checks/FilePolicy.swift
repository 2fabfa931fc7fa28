/// What services mount out of the project's folder: only what `x-supamanager.files` names.
struct FilePolicy {
    let project: ComposeProject
    /// The files that the project's folder gets, by relative path.
    let files: Set<String>
    let log: ProblemLog

    func run() {
        for service in project.services.values.sorted(by: { $0.name < $1.name }) {
            for (index, mount) in service.volumes.enumerated() where mount.kind == .bind {
                check(mount.source ?? "", path: "services.\(service.name).volumes[\(index)]")
            }
        }
        for (key, config) in project.configs.sorted(by: { $0.key < $1.key }) {
            guard case .file(let path) = config.source else { continue }
            check(path, path: "configs.\(key).file", mayBeFolder: false)
        }
    }

    private func check(_ source: String, path: String, mayBeFolder: Bool = true) {
        guard ProjectPath.isInside(source) else { return }
        let relative = ProjectPath.cleaned(source)
        if relative == "." { return }
        if files.contains(relative) { return }
        if mayBeFolder, files.contains(where: { $0.hasPrefix(relative + "/") }) { return }
        log.add(
            .reference, path: path,
            "the project's folder has no \(relative): put it beside this file and name it in x-supamanager.files")
    }
}
