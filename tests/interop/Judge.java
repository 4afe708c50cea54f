// BouncyCastle as a judge: java Judge VERB IN OUT ARGUMENT..; ends with an exception when the message is not good.
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

public class Judge {
    static final char[] PASSWORD = "secret".toCharArray();

    record Identity(PrivateKey key, X509Certificate certificate) {}

    static Identity identity(String p12) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12", "BC");
        store.load(new FileInputStream(p12), PASSWORD);
        String alias = store.aliases().nextElement();
        for (var all = store.aliases(); all.hasMoreElements();) {
            String candidate = all.nextElement();
            if (store.isKeyEntry(candidate)) alias = candidate;
        }
        return new Identity((PrivateKey) store.getKey(alias, PASSWORD), (X509Certificate) store.getCertificate(alias));
    }

    static X509Certificate certificate(String pem) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509", "BC").generateCertificate(new FileInputStream(pem));
    }

    static Recipient recipient(RecipientInformation info, PrivateKey key, boolean authenticated) {
        if (info instanceof KeyAgreeRecipientInformation)
            return new JceKeyAgreeEnvelopedRecipient(key);
        return authenticated ? new JceKeyTransAuthEnvelopedRecipient(key) : new JceKeyTransEnvelopedRecipient(key);
    }

    static byte[] open(byte[] der, Identity me) throws Exception {
        boolean authenticated = org.bouncycastle.asn1.cms.ContentInfo.getInstance(der).getContentType()
            .equals(CMSObjectIdentifiers.authEnvelopedData); // AES-GCM, which it knows for RSA only
        RecipientInformationStore infos = authenticated ? new CMSAuthEnvelopedData(der).getRecipientInfos()
                                                        : new CMSEnvelopedData(der).getRecipientInfos();
        RecipientId id = me.key.getAlgorithm().startsWith("EC") ? new JceKeyAgreeRecipientId(me.certificate)
                                                                 : new JceKeyTransRecipientId(me.certificate);
        RecipientInformation info = infos.get(id);
        return info.getContent(recipient(info, me.key, authenticated));
    }

    static byte[] verify(byte[] der, X509Certificate anchor, byte[] content) throws Exception {
        CMSSignedData data = content == null ? new CMSSignedData(der) : new CMSSignedData(new CMSProcessableByteArray(content), der);
        Collection<SignerInformation> signers = data.getSignerInfos().getSigners();
        if (signers.isEmpty()) throw new SecurityException("no signer");
        for (SignerInformation signer : signers) {
            var found = data.getCertificates().getMatches(signer.getSID());
            var certificate = new JcaX509CertificateConverter().getCertificate((X509CertificateHolder) found.iterator().next());
            certificate.verify(anchor.getPublicKey());
            certificate.checkValidity();
            if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(certificate)))
                throw new SecurityException("bad signature");
        }
        return content == null ? (byte[]) data.getSignedContent().getContent() : content;
    }

    static byte[] encrypt(byte[] content, String[] people) throws Exception {
        var generator = new CMSEnvelopedDataGenerator();
        for (String pem : people) {
            X509Certificate to = certificate(pem);
            if (to.getPublicKey().getAlgorithm().startsWith("EC")) {
                // One-pass ephemeral ECDH: the generator wants a key pair of our side only to know the curve.
                var pairs = java.security.KeyPairGenerator.getInstance("EC", "BC");
                pairs.initialize(((java.security.interfaces.ECPublicKey) to.getPublicKey()).getParams());
                var pair = pairs.generateKeyPair();
                generator.addRecipientInfoGenerator(new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA256KDF, pair.getPrivate(),
                    pair.getPublic(), CMSAlgorithm.AES256_WRAP).addRecipient(to).setProvider("BC"));
            } else {
                generator.addRecipientInfoGenerator(new JceKeyTransRecipientInfoGenerator(to).setProvider("BC"));
            }
        }
        return generator.generate(new CMSProcessableByteArray(content),
            new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider("BC").build()).toASN1Structure().getEncoded("DER"); // gpgsm fails on its BER
    }

    static byte[] sign(byte[] content, Identity me, boolean detached) throws Exception {
        String algorithm = me.key.getAlgorithm().startsWith("EC") ? "SHA256withECDSA" : "SHA256withRSA";
        ContentSigner signer = new JcaContentSignerBuilder(algorithm).setProvider("BC").build(me.key);
        var generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
            new JcaDigestCalculatorProviderBuilder().setProvider("BC").build()).build(signer, me.certificate));
        generator.addCertificates(new JcaCertStore(Arrays.asList(me.certificate)));
        return generator.generate(new CMSProcessableByteArray(content), !detached).getEncoded();
    }

    public static void main(String[] a) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        byte[] in = Files.readAllBytes(Path.of(a[1]));
        byte[] out = switch (a[0]) {
        case "open" -> open(in, identity(a[3]));
        case "verify" -> verify(in, certificate(a[3]), a.length > 4 ? Files.readAllBytes(Path.of(a[4])) : null);
        case "encrypt" -> encrypt(in, Arrays.copyOfRange(a, 3, a.length));
        case "sign" -> sign(in, identity(a[3]), a[4].equals("detached"));
        default -> throw new IllegalArgumentException(a[0]);
        };
        Files.write(Path.of(a[2]), out);
    }
}
