public import TokenKit

/// Settings of the STORAGE API, by upstream's names (`FILE_SIZE_LIMIT` is ``fileBytesMax``).
public struct StorageConfiguration: Sendable {
    /// `FILE_SIZE_LIMIT`: bytes of the largest object; a bucket can only be stricter.
    public var fileBytesMax = 52_428_800
    /// `STORAGE_PUBLIC_PATH`: what stands before this API's paths in the addresses of clients, without a slash at its
    /// end; S3's clients sign it.
    public var publicPath = ""
    /// `UPLOAD_SIGNED_URL_EXPIRATION_TIME` in seconds. Upstream's own 60 are fewer than its clients promise.
    public var uploadURLSeconds = 7_200
    /// `TUS_URL_EXPIRY_MS`, in seconds: life of a resumable upload.
    public var resumableSeconds = 86_400
    /// Role of requests without a token of a role.
    public var anonymousRole = "anon"
    /// Role that may do everything.
    public var serviceRole = "service_role"
    /// `STORAGE_S3_REGION` or `REGION`: what is signed; any other region is taken too.
    public var region = "us-east-1"
    /// `S3_PROTOCOL_ACCESS_KEY_ID` and `S3_PROTOCOL_ACCESS_KEY_SECRET`: pairs that stand for the service role.
    public var s3Keys: [S3Key] = []
    /// `TENANT_ID` and `ANON_KEY`: the pair that goes with a session token, which row security then applies to.
    public var sessionKey: S3Key?

    /// An access key of S3 and its secret.
    public struct S3Key: Sendable {
        /// Its public half.
        public var id: String
        /// What requests are signed with.
        public var secret: KeyBytes

        /// A key.
        public init(id: String, secret: KeyBytes) {
            self.id = id
            self.secret = secret
        }
    }

    /// Bytes of a body that is no object.
    static let jsonBytesMax = 1 << 20
    /// Keys of one request.
    static let keysMax = 1_000
    /// Entries of one answer to a list.
    static let entriesMax = 1_000
    /// Rows that one statement deletes.
    static let batchMax = 500
    /// Longest life of a signed address, in seconds.
    static let signedSecondsMax = 10 * 365 * 86_400

    /// The default settings.
    public init() {}
}
