import YAMLKit

/// Reads the whole model from a tree whose variables are put in.
struct ProjectReader {
    let environment: [String: String]
    let files: TemplateFiles

    /// The project, with every service of every profile; what is wrong stands in the log of `root`.
    func project(name: String, from root: NodeCursor) -> ComposeProject {
        var project = ComposeProject(name: name)
        root.read(into: &project, fields: Self.fields, reasons: UnsupportedKeys.atTopLevel)
        project.extensions = root.node.mapping?.filter { $0.key.hasPrefix("x-") } ?? YAMLMapping()
        guard let services = root.child("services"), services.node.mapping != nil else { return project }
        for (name, cursor) in services.entries() {
            guard let own = project.services[name]?.environment else { continue }
            project.services[name]?.environment = variables(of: cursor, own: own)
        }
        return project
    }

    private static let fields: FieldTable<ComposeProject> = [
        // Read by `ComposeProjectName`, before everything else.
        "name": { _, _ in },
        "version": { cursor, _ in
            cursor.log.warn(.unsupported, at: cursor.node.mark, path: cursor.path, "obsolete; it has no effect")
        },
        "services": { cursor, project in
            let entries = cursor.entries()
            guard entries.count <= ComposeProject.maximumServices else {
                cursor.fail("\(entries.count) services, more than the allowed \(ComposeProject.maximumServices)")
                return
            }
            for (name, value) in entries where ServiceName.check(name, value) {
                project.services[name] = ComposeService(name: name, reading: value)
            }
        },
        "networks": { cursor, project in
            for (name, value) in cursor.entries() { project.networks[name] = ComposeNetwork(reading: value) }
        },
        "volumes": { cursor, project in
            for (name, value) in cursor.entries() { project.volumes[name] = ComposeVolume(reading: value) }
        },
        "configs": { cursor, project in
            for (name, value) in cursor.entries() {
                // An unreadable one still exists: a reference to it is valid.
                project.configs[name] = ComposeConfig(reading: value) ?? ComposeConfig(.content(""))
            }
        },
        "x-supamanager": field(\.manifest) { TemplateManifest(reading: $0) },
    ]

    /// The variables of the service's files and its own, which win; one without a value takes the environment's.
    private func variables(of service: NodeCursor, own: [String: String?]) -> [String: String?] {
        var result: [String: String?] = [:]
        if let files = service.child("env_file") {
            result = EnvironmentFiles(files: self.files, environment: environment).read(files).mapValues { $0 }
        }
        for (name, value) in own { result.updateValue(value ?? environment[name], forKey: name) }
        return result
    }
}

private enum ServiceName {
    static func check(_ name: String, _ cursor: NodeCursor) -> Bool {
        let isValid =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                SubstitutionToken.isNameStart(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            }
        if !isValid {
            cursor.failAtKey(.invalid, "a service's name has letters, digits, \".\", \"-\" and \"_\" only")
        } else if cursor.node.mapping == nil {
            cursor.fail("must be a mapping, not a \(cursor.node.typeName)")
        }
        return isValid && cursor.node.mapping != nil
    }
}
