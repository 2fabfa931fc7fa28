public import Orchestrator
public import ProjectModel
public import Reconciler

/// Renders a Compose template into stacks: the ``Orchestrator/StackRenderer`` of production.
public struct ComposeStackRenderer: StackRenderer {
    /// Settings of all projects of an installation.
    public struct Settings: Sendable {
        /// Host address on which projects publish their ports.
        public var bindAddress: String
        /// Host name or address under which people reach the published ports.
        public var publicHost: String
        /// Prefix of all image names, for a mirror or an air-gapped host; none when absent.
        public var imageRegistry: String?
        /// Absolute path of the folder that holds the projects' folders.
        public var projectsFolder: String
        /// Values for documented variables of the template, in place of their defaults.
        public var variables: [String: String]

        public init(
            bindAddress: String, publicHost: String, imageRegistry: String?, projectsFolder: String,
            variables: [String: String] = [:]
        ) {
            self.bindAddress = bindAddress
            self.publicHost = publicHost
            self.imageRegistry = imageRegistry
            self.projectsFolder = projectsFolder
            self.variables = variables
        }

        /// The name under which the engine has an image. One that is made on the host comes from no registry.
        func name(ofImage image: String, pulled isPulled: Bool) -> String {
            guard isPulled, let imageRegistry else { return image }
            return "\(imageRegistry)/\(image)"
        }
    }

    let template: StackTemplate
    let settings: Settings

    /// A renderer of one template.
    public init(template: StackTemplate, settings: Settings) {
        self.template = template
        self.settings = settings
    }

    /// The public host and the gateway's port.
    public func endpoint(of leases: Leases) -> ProjectEndpoint? {
        guard let port = template.roles.ports[.gateway].flatMap({ leases.ports[$0] }),
            let host = PublicHost(settings.publicHost)
        else { return nil }
        return ProjectEndpoint(host: host, port: port)
    }

    /// The files that the template names for copying.
    public var projectFiles: [String: [UInt8]] { template.projectFiles }

    /// Renders once with stand-in values, which shows what a selection publishes, and so which ports it needs.
    public func requirements(services: [String]?) throws(TemplateError) -> StackRequirements {
        let manifest = template.manifest
        guard services?.isEmpty != true else { throw .badSelection("the list of services is empty: name at least one") }
        let standIns = zip(manifest.ports.map(\.name), UInt16(1)...).map { ($0, $1) }
        let ports = Dictionary(standIns) { first, _ in first }
        var environment = manifest.standIns().merging(settings.variables) { $1 }
        for (variable, port) in ports { environment[variable] = String(port) }
        let project = try template.project(
            named: "a", environment: environment, services: services.map { Set($0) })
        let published = Set(project.services.values.flatMap(\.ports).compactMap(\.publishedPort))
        return StackRequirements(
            services: project.services.keys.compactMap { ServiceName($0) }.sorted(),
            ports: standIns.filter { published.contains(Int($0.1)) }.map(\.0).sorted(),
            secrets: manifest.secrets.sorted { $0.key < $1.key }.map { name, form in
                SecretRequirement(name: name, alphabet: form.alphabet, length: form.length)
            },
            tokens: manifest.tokens.sorted { $0.key < $1.key }.map { name, role in
                TokenRequirement(name: name, role: template.roles.claim(of: role))
            }, tokenSecret: template.roles.secrets[.tokenSigning],
            volumes: Set(project.services.values.flatMap(\.volumes).filter { $0.kind == .volume }.compactMap(\.source)))
    }

    /// Interpolates, selects the project's services, and maps them.
    public func render(_ project: ProjectRecord, values: ProjectValues) throws(TemplateError) -> DesiredStack {
        guard let leases = project.leases else { throw .broken("project \(project.ref) has no ports and no subnet") }
        var environment = try publicEnvironment(of: project, leases, values)
        for (name, secret) in try confidentialEnvironment(values) { environment[name] = secret.reveal() }
        var compose = try template.project(
            named: project.ref.text, environment: environment, services: Set(project.services.map(\.text)))
        compose.services = compose.services.mapValues { $0.adding(values.functionEnvironment) }
        return try StackRendering(
            project: compose, ref: project.ref, leases: leases, environment: environment, settings: settings,
            digests: template.digests, roles: template.roles
        ).stack()
    }

    /// The public part of the interpolation variables: leases, names, and settings that are not secret.
    func publicEnvironment(
        of project: ProjectRecord, _ leases: Leases, _ values: ProjectValues
    ) throws(TemplateError) -> [String: String] {
        var environment = overrides(values.settings)
        environment.merge(
            try self.environment(ref: project.ref.text, name: project.name.text, leases: leases)
        ) { $1 }
        return environment
    }

    /// The rest of what interpolation gets; where a name is in both, this one counts.
    func confidentialEnvironment(_ values: ProjectValues) throws(TemplateError) -> [String: Secret<String>] {
        var environment: [String: Secret<String>] = [:]
        for variable in template.manifest.variables where variable.isSecret {
            environment[variable.name] =
                values.settings[variable.name] ?? settings.variables[variable.name].map { Secret($0) }
        }
        environment.merge(APIKeyValues(values, roles: template.roles).environment.mapValues { Secret($0) }) { $1 }
        environment.merge(values.secrets) { $1 }
        return environment
    }

    /// The template's declarations.
    public func roles() throws(TemplateError) -> StackRoles { template.roles }

    /// Images of all services that a project has when it names none, as the engine has them.
    public func images() throws(TemplateError) -> Set<StackImage> {
        let project = try template.project(named: "a", environment: template.manifest.standIns(), services: nil)
        return Set(
            project.services.values.compactMap { service in
                service.image.map { image in
                    StackImage(
                        name: settings.name(ofImage: image, pulled: service.pullsImage), isPulled: service.pullsImage)
                }
            })
    }

    /// The settings that the template declares, with the installation's defaults in place of the template's.
    public func declaredSettings(
        given own: [String: Secret<String>]
    ) throws(TemplateError) -> [DeclaredSetting] {
        let manifest = template.manifest
        let values = manifest.standIns().merging(overrides(own)) { $1 }
        do {
            let defaults = try manifest.settings(overriding: manifest.standIns())
            return try manifest.variables.map { variable in
                var text = settings.variables[variable.name] ?? defaults[variable.name]
                if settings.variables[variable.name] == nil, variable.defaultValue?.contains("$") == true {
                    var others = values
                    others[variable.name] = nil
                    text = try manifest.settings(overriding: others)[variable.name]
                }
                return DeclaredSetting(name: variable.name, defaultValue: text, isSecret: variable.isSecret)
            }
        } catch { throw .broken("\(error)") }
    }

    /// The values of settings: the project's own, else the installation's. What the template does not declare (any
    /// more) is left out.
    private func overrides(_ own: [String: Secret<String>]) -> [String: String] {
        var values = settings.variables
        for variable in template.manifest.variables {
            if let value = own[variable.name] { values[variable.name] = value.reveal() }
        }
        return values
    }

    /// Everything but settings and secrets that the manager gives to interpolation.
    private func environment(ref: String, name: String, leases: Leases) throws(TemplateError) -> [String: String] {
        let manifest = template.manifest
        var environment: [String: String] = [:]
        environment["PROJECT_REF"] = ref
        environment["PROJECT_NAME"] = name
        environment["BIND_ADDRESS"] = settings.bindAddress
        // Without a gateway nothing is reached under it; another text would replace the containers of such projects.
        environment["PUBLIC_URL"] = endpoint(of: leases)?.url ?? "http://\(settings.publicHost)"
        environment["SUBNET"] = leases.subnet.description
        for (variable, number) in manifest.addresses {
            guard let address = UInt32(exactly: number).flatMap({ leases.subnet.address(at: $0) }) else {
                throw .broken("address \(variable): the subnet \(leases.subnet) has no host \(number)")
            }
            environment[variable] = address.description
        }
        for (variable, range) in manifest.ranges {
            guard let base = UInt32(exactly: range.first).flatMap({ leases.subnet.address(at: $0) }),
                let network = IPv4Network(containing: base, prefixLength: range.prefixLength)
            else { throw .broken("range \(variable) is not within the subnet \(leases.subnet)") }
            environment[variable] = network.description
        }
        for (variable, port) in leases.ports { environment[variable] = String(port) }
        // A port that the selection does not publish still has a name in the file. Each gets a number of its own.
        for (number, variable) in manifest.ports.map(\.name).enumerated() where environment[variable] == nil {
            environment[variable] = String(number + 1)
        }
        return environment
    }
}
