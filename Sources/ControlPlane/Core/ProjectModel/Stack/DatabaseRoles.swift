/// The database of a stack that SQL runs on, and its roles.
public struct DatabaseRoles: Sendable, Hashable {
    /// Name of the database.
    public var database: String
    /// The role that SQL of users and clients runs as.
    public var owner: String
    /// A superuser: changes passwords of the other roles and makes login roles.
    public var administrator: String
    /// The role that may read everything and write nothing. Without one, read-only queries run as the owner, in a
    /// transaction that cannot write.
    public var readOnly: String?
    /// The login roles whose password is the secret of ``SecretPurpose/databasePassword``.
    public var sharingPassword: [String]
    /// Schemas that the stack's services or extensions fill, whichever role owns them: their content is not the users'.
    public var serviceSchemas: [String]

    /// How the database is backed up; nil where it cannot be.
    public var replication: ReplicationAccess?

    public init(
        database: String, owner: String, administrator: String, readOnly: String? = nil,
        sharingPassword: [String] = [], serviceSchemas: [String] = [], replication: ReplicationAccess? = nil
    ) {
        self.database = database
        self.owner = owner
        self.administrator = administrator
        self.readOnly = readOnly
        self.sharingPassword = sharingPassword
        self.serviceSchemas = serviceSchemas
        self.replication = replication
    }
}

/// What a backup over the replication protocol, and a restore, need to know of a stack's database.
public struct ReplicationAccess: Sendable, Hashable {
    /// The role that may replicate. Its password is the secret of ``SecretPurpose/databasePassword``.
    public var role: String
    /// Key of the volume that the cluster lies in, and nothing else. The database's service mounts it.
    public var volume: String

    public init(role: String, volume: String) {
        self.role = role
        self.volume = volume
    }
}
