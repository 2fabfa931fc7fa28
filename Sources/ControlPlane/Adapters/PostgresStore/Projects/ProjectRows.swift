import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `projects`, with the leases of each project joined in.
enum ProjectRows {
    private static let ownColumns = """
        p.number, p.ref, p.name, p.organization_slug, p.region, p.cloud_provider, p.status, p.failure_service,
        p.failure_message, p.failure_log_tail, p.stack, p.template_digest,
        p.upgrade_digest, p.upgrade_services, p.services, p.restart_requested_at, p.restart_services,
        p.configuration_revision, p.inserted_at, p.updated_at, p.status_changed_at
        """
    private static let columns = "\(ownColumns), s.subnet::text as subnet, l.variables, l.ports"
    private static let leases = """
        left join subnet_leases s on s.ref = p.ref
        left join lateral (
            select array_agg(variable order by variable) as variables,
                array_agg(port::text order by variable) as ports
            from port_leases where ref = p.ref
        ) l on true
        """
    private static let edition = "(select edition::text from project_edition) as edition"

    /// Inserts a row. The organization's row is locked against deletion until the transaction ends: its slug is no
    /// foreign key, since the tombstone of a project outlives its organization. Where projects are counted, creations
    /// of one organization wait for each other at the same lock.
    static func insert(_ project: NewProject, in session: some PostgresSession) async throws {
        let lock = project.organizationLimit == nil ? "key share" : "no key update"
        let organization = try await session.first(
            "select 1 from organizations where slug = $1 for \(lock)", [.text(project.organizationSlug)])
        guard organization != nil else { throw StoreError.organizationGone(project.organizationSlug) }
        try await checkCount(project, in: session)
        do {
            _ = try await session.execute(
                """
                insert into projects (ref, name, organization_slug, region, cloud_provider, status, services,
                    wrapped_key, inserted_at, updated_at, status_changed_at, stack, template_digest)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $9, $10, $11)
                """,
                [
                    .text(project.ref.text), .text(project.name.text), .text(project.organizationSlug),
                    .text(project.region), .text(project.cloudProvider),
                    .text(ProjectStatus.provisioning.rawValue), .textArray(project.services.map(\.text)),
                    .bytes(project.secrets.wrappedKey), .timestamp(project.at.postgres),
                    .text(project.stack.text), .optional(project.template?.text),
                ])
        } catch {
            guard error.constraint == "projects_name_in_organization" else { throw error }
            throw StoreError.nameTaken(project.name.text)
        }
    }

    /// Counts in a statement after the one that locks, which therefore sees what was committed while that waited.
    private static func checkCount(_ project: NewProject, in session: some PostgresSession) async throws {
        guard let limit = project.organizationLimit else { return }
        let count = try await session.single(
            "select count(*) as n from projects where organization_slug = $1 and status <> 'DELETED'",
            [.text(project.organizationSlug)]
        ).int("n")
        guard count < limit else { throw StoreError.organizationFull(project.organizationSlug, limit: limit) }
    }

    static func select(_ ref: ProjectRef, in session: some PostgresSession) async throws -> ProjectRecord? {
        try await selectWithEdition(ref, in: session)?.0
    }

    /// The project and the edition that it was read in: one statement, so they belong together.
    static func selectWithEdition(
        _ ref: ProjectRef, in session: some PostgresSession
    ) async throws -> (ProjectRecord, ProjectEdition)? {
        let row = try await session.first(
            "select \(columns), \(edition) from projects p \(leases) where p.ref = $1", [.text(ref.text)])
        guard let row else { return nil }
        return (try record(row), ProjectEdition(try row.string("edition")))
    }

    /// The edition that the projects have now.
    static func edition(in session: some PostgresSession) async throws -> ProjectEdition {
        ProjectEdition(try await session.single("select \(edition)").string("edition"))
    }

    static func outlines(in session: some PostgresSession) async throws -> [ProjectRef: RecordOutline] {
        let rows = try await session.query(
            "select ref, status, configuration_revision, updated_at from projects where status <> 'DELETED'")
        return try rows.reduce(into: [:]) { outlines, row in
            outlines[try ref(row.string("ref"))] = RecordOutline(
                status: try status(row.string("status")),
                configurationRevision: try row.int64("configuration_revision"),
                updatedAt: Timestamp(try row.timestamp("updated_at")))
        }
    }

    static func page(_ query: ProjectQuery, in session: some PostgresSession) async throws -> ProjectPage {
        let pattern = query.search.map { "%\(escaped($0))%" }
        let filter = """
            p.status <> 'DELETED' and ($1::text is null or p.name ilike $1 or p.ref ilike $1)
            and ($2::text[] is null or p.status = any($2))
            and ($3::text[] is null or p.organization_slug = any($3)
                or (p.organization_slug, p.ref) in (select * from unnest($4::text[], $5::text[])))
            """
        let pairs = query.visibility?.pairs
        let parameters: [PostgresParameter] = [
            .optional(pattern), query.statuses.map { .textArray($0.map(\.rawValue)) } ?? .null,
            query.visibility.map { .textArray(Array($0.organizations)) } ?? .null,
            .textArray(pairs?.organizations ?? []), .textArray(pairs?.refs ?? []),
        ]
        // There is one row at least, so that an empty page has its count and edition too.
        let order = order(query.sort)
        let rows = try await session.query(
            """
            with matching as (select \(ownColumns) from projects p where \(filter)),
                page as (select * from matching p order by \(order) limit $6 offset $7),
                whole as (select count(*) as count, \(edition) from matching)
            select whole.count, whole.edition, \(columns)
            from whole left join page p on true \(leases) order by \(order)
            """, parameters + [.int(query.limit), .int(query.offset)])
        guard let first = rows.first else { throw PostgresError.unexpectedRowCount(expected: 1, found: 0) }
        let projects = try rows.compactMap { try $0.optionalString("ref") == nil ? nil : try record($0) }
        return ProjectPage(
            count: try first.int("count"), projects: projects, edition: ProjectEdition(try first.string("edition")))
    }

    /// Locks a project until the transaction ends; nil when there is none, or it has another status than `status`.
    static func lock(
        _ ref: ProjectRef, with status: ProjectStatus? = nil, in session: some PostgresSession
    ) async throws -> EventProject? {
        let row = try await session.first(
            """
            select name, organization_slug, template_digest, upgrade_digest from projects
            where ref = $1 and ($2::text is null or status = $2) for no key update
            """, [.text(ref.text), .optional(status?.rawValue)])
        guard let row else { return nil }
        let template = try row.optionalString("template_digest").flatMap { TemplateDigest($0) }
        let upgrade = try row.optionalString("upgrade_digest").flatMap { TemplateDigest($0) }
        return EventProject(
            ref: ref, name: try row.string("name"), organizationSlug: try row.string("organization_slug"),
            versions: PinnedVersions(template: template, upgrade: upgrade))
    }

    /// Changes the status if it still is what the transition starts from.
    static func update(
        _ ref: ProjectRef, _ transition: StatusTransition, in session: some PostgresSession
    ) async throws -> Bool {
        let changed = try await session.execute(
            """
            update projects set status = $3, failure_service = $4, failure_message = $5, failure_log_tail = $6,
                restart_requested_at = case when $7 then $8 when not $10 then restart_requested_at end,
                restart_services = case when $7 then $9::text[] when not $10 then restart_services end,
                template_digest = case
                    when $3 = 'DELETED' then null
                    when $14 then coalesce(upgrade_digest, template_digest)
                    else coalesce($11, template_digest) end,
                services = case when $14 then coalesce(upgrade_services, services) else services end,
                upgrade_digest = case when $15 then coalesce($12, upgrade_digest) end,
                upgrade_services = case when $15 then coalesce($13::text[], upgrade_services) end,
                updated_at = $8, status_changed_at = $8
            where ref = $1 and status = $2
            """,
            [
                .text(ref.text), .text(transition.from.rawValue), .text(transition.to.rawValue),
                .optional(transition.failure?.service?.text), .optional(transition.failure?.message),
                .optional(transition.failure?.logTail), .bool(transition.requestsRestart),
                .timestamp(transition.at.postgres),
                transition.restartServices.map { .textArray($0.map(\.text)) } ?? .null,
                .bool(transition.fulfilsRestart),
                .optional(transition.template?.text), .optional(transition.upgrade?.template.text),
                transition.upgrade.map { .textArray($0.services.map(\.text)) } ?? .null,
                .bool(transition.endOfUpgrade == .completes), .bool(transition.endOfUpgrade == .none),
            ])
        return changed == 1
    }

    /// Pins a project that is pinned to none.
    static func pin(
        _ ref: ProjectRef, to template: TemplateDigest, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        let changed = try await session.execute(
            """
            update projects set template_digest = $2, updated_at = $3
            where ref = $1 and template_digest is null and status <> 'DELETED'
            """, [.text(ref.text), .text(template.text), .timestamp(time.postgres)])
        return changed == 1
    }

    // MARK: Reading

    private static func record(_ row: PostgresRow) throws -> ProjectRecord {
        let name = try row.string("name")
        return ProjectRecord(
            number: try row.int64("number"), ref: try ref(row.string("ref")), name: try ProjectName(name),
            organizationSlug: try row.string("organization_slug"), region: try row.string("region"),
            cloudProvider: try row.string("cloud_provider"), status: try status(row.string("status")),
            failure: try failure(row), stack: try stack(row),
            template: try row.optionalString("template_digest").flatMap { TemplateDigest($0) },
            upgrade: try upgrade(row),
            services: try row.textArray("services").compactMap { ServiceName($0) },
            leases: try leases(row),
            restartRequestedAt: try row.optionalTimestamp("restart_requested_at").map { Timestamp($0) },
            restartServices: try restartServices(row), configurationRevision: try row.int64("configuration_revision"),
            insertedAt: Timestamp(try row.timestamp("inserted_at")),
            updatedAt: Timestamp(try row.timestamp("updated_at")),
            statusChangedAt: Timestamp(try row.timestamp("status_changed_at")))
    }

    static func status(_ text: String) throws -> ProjectStatus {
        guard let status = ProjectStatus(rawValue: text) else {
            throw StoreError.refused("a project has the unknown status \(text)")
        }
        return status
    }

    private static func ref(_ text: String) throws -> ProjectRef {
        guard let ref = ProjectRef(text) else { throw StoreError.refused("\(text) is not a project ref") }
        return ref
    }

    private static func failure(_ row: PostgresRow) throws -> ProjectFailure? {
        guard let message = try row.optionalString("failure_message") else { return nil }
        return ProjectFailure(
            service: try row.optionalString("failure_service").flatMap { ServiceName($0) }, message: message,
            logTail: try row.optionalString("failure_log_tail"))
    }

    private static func upgrade(_ row: PostgresRow) throws -> ProjectUpgrade? {
        guard let digest = try row.optionalString("upgrade_digest").flatMap({ TemplateDigest($0) }) else { return nil }
        return ProjectUpgrade(
            template: digest, services: try row.textArray("upgrade_services").compactMap { ServiceName($0) })
    }

    private static func stack(_ row: PostgresRow) throws -> StackName {
        let text = try row.string("stack")
        guard let name = StackName(text) else { throw StoreError.refused("\"\(text)\" is no name of a stack") }
        return name
    }

    private static func restartServices(_ row: PostgresRow) throws -> [ServiceName]? {
        guard try row.optionalString("restart_services") != nil else { return nil }
        return try row.textArray("restart_services").compactMap { ServiceName($0) }
    }

    private static func leases(_ row: PostgresRow) throws -> Leases? {
        guard let subnet = try row.optionalString("subnet").flatMap({ IPv4Network($0) }) else { return nil }
        guard try row.optionalString("variables") != nil else { return Leases(ports: [:], subnet: subnet) }
        let ports = try row.textArray("ports").compactMap { UInt16($0) }
        return Leases(
            ports: Dictionary(zip(try row.textArray("variables"), ports)) { first, _ in first }, subnet: subnet)
    }

    private static func order(_ sort: ProjectQuery.Sort) -> String {
        switch sort {
        case .nameAscending: "lower(p.name), p.number"
        case .nameDescending: "lower(p.name) desc, p.number desc"
        case .createdAscending: "p.number"
        case .createdDescending: "p.number desc"
        }
    }

    /// The text with the wildcards of `like` taken literally.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if character == "%" || character == "_" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result
    }
}
