public import ProjectModel

/// What the store knows of a project.
public struct ProjectRecord: Sendable, Equatable {
    /// Number that `/platform` answers call `id`.
    public var number: Int64
    /// Public identifier.
    public var ref: ProjectRef
    /// Name given by a person.
    public var name: ProjectName
    /// Slug of the organization it belongs to.
    public var organizationSlug: String
    /// Region as given at creation; a label only.
    public var region: String
    /// Cloud provider as given at creation; a label only.
    public var cloudProvider: String
    public var status: ProjectStatus
    /// The last failure, if any.
    public var failure: ProjectFailure?
    /// The stack that it is made of.
    public var stack: StackName
    /// The template version that it is pinned to. Absent for a project from before versions were stored, as long as its
    /// containers are not recognised as made from the installed version; and for a deleted one.
    public var template: TemplateDigest?
    /// What the project is on its way to, while it is upgraded or brought back.
    public var upgrade: ProjectUpgrade?
    /// Services of the project.
    public var services: [ServiceName]
    /// Ports and subnet; absent when released.
    public var leases: Leases?
    /// Containers started before this time are restarted; nil once they have been.
    public var restartRequestedAt: Timestamp?
    /// Services that ``restartRequestedAt`` is about; nil for all.
    public var restartServices: [ServiceName]?
    /// Grows with every change of the project's own settings, keys and function secrets.
    public var configurationRevision: Int64
    /// Creation time.
    public var insertedAt: Timestamp
    /// Last change.
    public var updatedAt: Timestamp
    /// Last change of ``status``.
    public var statusChangedAt: Timestamp

    public init(
        number: Int64, ref: ProjectRef, name: ProjectName, organizationSlug: String, region: String,
        cloudProvider: String, status: ProjectStatus, failure: ProjectFailure? = nil, stack: StackName = .supabase,
        template: TemplateDigest? = nil, upgrade: ProjectUpgrade? = nil, services: [ServiceName], leases: Leases?,
        restartRequestedAt: Timestamp? = nil,
        restartServices: [ServiceName]? = nil,
        configurationRevision: Int64 = 0, insertedAt: Timestamp, updatedAt: Timestamp, statusChangedAt: Timestamp
    ) {
        self.number = number
        self.ref = ref
        self.name = name
        self.organizationSlug = organizationSlug
        self.region = region
        self.cloudProvider = cloudProvider
        self.status = status
        self.failure = failure
        self.stack = stack
        self.template = template
        self.upgrade = upgrade
        self.services = services
        self.leases = leases
        self.restartRequestedAt = restartRequestedAt
        self.restartServices = restartServices
        self.configurationRevision = configurationRevision
        self.insertedAt = insertedAt
        self.updatedAt = updatedAt
        self.statusChangedAt = statusChangedAt
    }
}

/// A record from afar: every change of it changes this.
public struct RecordOutline: Sendable, Equatable {
    /// What the project is doing.
    public var status: ProjectStatus
    /// As in ``ProjectRecord/configurationRevision``.
    public var configurationRevision: Int64
    /// Last change.
    public var updatedAt: Timestamp

    public init(status: ProjectStatus, configurationRevision: Int64, updatedAt: Timestamp) {
        self.status = status
        self.configurationRevision = configurationRevision
        self.updatedAt = updatedAt
    }
}

extension ProjectRecord {
    /// The record from afar.
    public var outline: RecordOutline {
        RecordOutline(status: status, configurationRevision: configurationRevision, updatedAt: updatedAt)
    }
}

/// Ports and subnet of one project.
public struct Leases: Sendable, Equatable {
    /// Host ports by the template variable that carries them (`GATEWAY_PORT`).
    public var ports: [String: UInt16]
    /// Subnet of the project's network.
    public var subnet: IPv4Network

    /// A set of leases.
    public init(ports: [String: UInt16], subnet: IPv4Network) {
        self.ports = ports
        self.subnet = subnet
    }
}

/// Everything that cannot be leased at the moment, according to the store.
public struct TakenLeases: Sendable, Equatable {
    /// Ports leased or in quarantine.
    public var ports: Set<UInt16>
    /// Subnets leased or in quarantine.
    public var subnets: Set<IPv4Network>

    /// What is taken.
    public init(ports: Set<UInt16> = [], subnets: Set<IPv4Network> = []) {
        self.ports = ports
        self.subnets = subnets
    }
}

/// Why a project differs from its desired state: one sentence.
public struct ProjectFailure: Sendable, Equatable {
    /// The service that failed, where one did.
    public var service: ServiceName?
    /// What happened.
    public var message: String
    /// The last lines that the service logged, without secrets.
    public var logTail: String?

    public init(service: ServiceName? = nil, message: String, logTail: String? = nil) {
        self.service = service
        self.message = message
        self.logTail = logTail
    }
}

/// A project about to be stored.
public struct NewProject: Sendable, Equatable {
    /// Identifier, drawn at random.
    public var ref: ProjectRef
    /// Name; unique in its organization.
    public var name: ProjectName
    public var organizationSlug: String
    /// Region label.
    public var region: String
    /// Cloud provider label.
    public var cloudProvider: String
    /// The stack that it is made of.
    public var stack: StackName
    /// The template version that it is pinned to; it must be stored.
    public var template: TemplateDigest?
    public var services: [ServiceName]
    /// Ports and subnet.
    public var leases: Leases
    public var secrets: SealedSecrets
    /// The API keys that it begins with.
    public var apiKeys: [StoredAPIKey]
    /// The requester's e-mail address.
    public var requestedBy: String
    /// Projects that its organization may have together with this one; nil for any number.
    public var organizationLimit: Int?
    /// Creation time.
    public var at: Timestamp

    public init(
        ref: ProjectRef, name: ProjectName, organizationSlug: String, region: String, cloudProvider: String,
        stack: StackName = .supabase, template: TemplateDigest? = nil, services: [ServiceName], leases: Leases,
        secrets: SealedSecrets, apiKeys: [StoredAPIKey] = [], requestedBy: String = "", at: Timestamp
    ) {
        self.ref = ref
        self.name = name
        self.organizationSlug = organizationSlug
        self.region = region
        self.cloudProvider = cloudProvider
        self.stack = stack
        self.template = template
        self.services = services
        self.leases = leases
        self.secrets = secrets
        self.apiKeys = apiKeys
        self.requestedBy = requestedBy
        self.at = at
    }
}

/// A project's sealed secrets: readable only with the master key.
public struct SealedSecrets: Sendable, Equatable {
    /// The project's own key, wrapped by the master key.
    public var wrappedKey: [UInt8]
    /// Sealed values by name.
    public var values: [String: [UInt8]]

    public init(wrappedKey: [UInt8], values: [String: [UInt8]]) {
        self.wrappedKey = wrappedKey
        self.values = values
    }
}

/// Which projects to list, and in which order.
public struct ProjectQuery: Sendable, Hashable {
    /// Orders that Studio asks for.
    public enum Sort: String, Sendable, CaseIterable {
        case nameAscending = "name_asc"
        case nameDescending = "name_desc"
        case createdAscending = "created_asc"
        case createdDescending = "created_desc"
    }

    /// Most rows that one page holds.
    public static let limitMax = 100
    /// Most rows of a list that has no pages.
    public static let wholeListMax = 10_000

    /// Most rows, 1 to ``limitMax``, or ``wholeListMax``.
    public var limit: Int
    /// Rows left out at the beginning.
    public var offset: Int
    /// Order.
    public var sort: Sort
    /// Part of the name or the ref, without regard to case.
    public var search: String?
    /// Statuses to list; nil for all.
    public var statuses: Set<ProjectStatus>?
    /// The viewer's projects; nil for all.
    public var visibility: Visibility?

    /// Projects that an account sees: all of some organizations, and single ones besides.
    public struct Visibility: Sendable, Hashable {
        /// Organizations, by slug, all of whose projects are visible.
        public var organizations: Set<String>
        /// Single projects seen besides, by the organization that they must belong to: a ref alone proves nothing, as
        /// every anon key shows one and a token may name any.
        public var projects: [String: Set<ProjectRef>]

        public init(organizations: Set<String>, projects: [String: Set<ProjectRef>] = [:]) {
            self.organizations = organizations
            self.projects = projects
        }

        /// Whether a project of an organization is seen.
        public func includes(_ ref: ProjectRef, of organization: String) -> Bool {
            organizations.contains(organization) || projects[organization]?.contains(ref) ?? false
        }

        /// ``projects`` as pairs of the same order, for stores.
        public var pairs: (organizations: [String], refs: [String]) {
            let all = projects.flatMap { slug, refs in refs.map { (slug, $0.text) } }.sorted { $0 < $1 }
            return (all.map(\.0), all.map(\.1))
        }
    }

    /// A query; the first hundred by name by default.
    public init(limit: Int = limitMax, offset: Int = 0, sort: Sort = .nameAscending, search: String? = nil) {
        self.limit = limit
        self.offset = offset
        self.sort = sort
        self.search = search
    }
}

public struct ProjectPage: Sendable, Equatable {
    /// Projects that match, on all pages.
    public var count: Int
    /// Projects of this page.
    public var projects: [ProjectRecord]
    /// The state of all projects that the page was read from; absent when the store does not name it.
    public var edition: ProjectEdition?

    public init(count: Int, projects: [ProjectRecord], edition: ProjectEdition? = nil) {
        self.count = count
        self.projects = projects
        self.edition = edition
    }
}
