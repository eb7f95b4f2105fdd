"""The fields that the documentation of each source names, and the branches below which a record may hold anything.

Kinds are logs of one source (`zeek/conn`); a field under `*` is in each of them. Samples, and the
tests that rules carry, add to this.
"""

from __future__ import annotations

from collections.abc import Mapping

KIND_FIELD: Mapping[str, str] = {"zeek": "_path", "suricata.eve": "event_type"}
"""Where a source says which of its kinds of record this is."""

_ZEEK_ENDS = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p _path _write_ts _system_name _node id"

FIELDS: Mapping[str, Mapping[str, str]] = {
    "aws.cloudtrail": {
        "*": """eventVersion eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage
            requestID eventID eventType apiVersion managementEvent readOnly recipientAccountId sharedEventID
            vpcEndpointId vpcEndpointAccountId eventCategory sessionCredentialFromConsole edgeDeviceDetails
            userIdentity.type userIdentity.principalId userIdentity.arn userIdentity.accountId
            userIdentity.accessKeyId userIdentity.userName userIdentity.invokedBy userIdentity.credentialId
            userIdentity.identityProvider userIdentity.onBehalfOf.userId userIdentity.onBehalfOf.identityStoreArn
            userIdentity.inScopeOf.sourceArn userIdentity.inScopeOf.sourceAccount userIdentity.inScopeOf.issuerType
            userIdentity.sessionContext.attributes.creationDate userIdentity.sessionContext.attributes.mfaAuthenticated
            userIdentity.sessionContext.sessionIssuer.type userIdentity.sessionContext.sessionIssuer.principalId
            userIdentity.sessionContext.sessionIssuer.arn userIdentity.sessionContext.sessionIssuer.accountId
            userIdentity.sessionContext.sessionIssuer.userName userIdentity.sessionContext.sourceIdentity
            userIdentity.sessionContext.ec2RoleDelivery userIdentity.sessionContext.assumedRoot
            userIdentity.sessionContext.webIdFederationData.federatedProvider resources.ARN resources.accountId
            resources.type resources.ARNPrefix tlsDetails.tlsVersion tlsDetails.cipherSuite
            tlsDetails.clientProvidedHostHeader addendum.reason addendum.updatedFields""",
    },
    "k8s.audit": {
        "*": """kind apiVersion level auditID stage requestURI verb sourceIPs userAgent requestReceivedTimestamp
            stageTimestamp user.username user.uid user.groups user.extra impersonatedUser.username
            impersonatedUser.uid impersonatedUser.groups impersonatedUser.extra objectRef.resource
            objectRef.namespace objectRef.name objectRef.uid objectRef.apiGroup objectRef.apiVersion
            objectRef.resourceVersion objectRef.subresource responseStatus.code responseStatus.status
            responseStatus.message responseStatus.reason responseStatus.metadata responseStatus.details
            authenticationMetadata.impersonationConstraint""",
    },
    "zeek": {
        "*": _ZEEK_ENDS,
        "conn": """proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history
            orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents orig_l2_addr resp_l2_addr vlan inner_vlan
            orig_cc resp_cc community_id ip_proto""",
        "dns": """proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers
            TTLs rejected total_answers total_replies saw_query saw_reply""",
        "http": """trans_depth method host uri referrer version user_agent origin request_body_len response_body_len
            status_code status_msg info_code info_msg tags username password capture_password proxied range_request
            orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types client_header_names
            server_header_names cookie_vars uri_vars post_body""",
        "ssl": """version cipher curve server_name session_id resumed last_alert next_protocol established ssl_history
            cert_chain_fps client_cert_chain_fps cert_chain_fuids client_cert_chain_fuids subject issuer client_subject
            client_issuer sni_matches_cert validation_status ja3 ja3s ja4 ja4s""",
        "ssh": """version auth_success auth_attempts direction client server cipher_alg mac_alg compression_alg kex_alg
            host_key_alg host_key remote_location hassh hasshServer""",
        "x509": """fingerprint certificate.version certificate.serial certificate.subject certificate.issuer
            certificate.not_valid_before certificate.not_valid_after certificate.key_alg certificate.sig_alg
            certificate.key_type certificate.key_length certificate.exponent certificate.curve certificate.cn san.dns
            san.uri san.email san.ip basic_constraints.ca basic_constraints.path_len host_cert client_cert
            certificate.key""",
        "files": """fuid tx_hosts rx_hosts conn_uids source depth analyzers mime_type filename duration local_orig
            is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5 sha1 sha256 extracted
            extracted_cutoff extracted_size""",
        "smb_files": """fuid action path name size prev_name times.modified times.accessed times.created times.changed
            data_offset_req data_len_req data_len_rsp""",
        "smb_mapping": "path service native_file_system share_type",
        "dce_rpc": "rtt named_pipe endpoint operation",
        "kerberos": """request_type client service success error_code error_msg from till cipher forwardable renewable
            logged ticket_hash auth_ticket new_ticket client_cert_subject client_cert_fuid server_cert_subject
            server_cert_fuid""",
        "ntlm": """username hostname domainname server_nb_computer_name server_dns_computer_name server_tree_name
            success""",
        "rdp": """cookie result security_protocol client_channels keyboard_layout client_build client_name
            client_dig_product_id desktop_width desktop_height requested_color_depth cert_type cert_count cert_permanent
            encryption_level encryption_method""",
        "notice": """fuid file_mime_type file_desc proto note msg sub src dst p n peer_descr actions email_dest
            suppress_for remote_location.country_code remote_location.region remote_location.city
            remote_location.latitude remote_location.longitude dropped""",
        "weird": "name addl notice peer source",
        "ftp": """user password command arg mime_type file_size reply_code reply_msg data_channel.passive
            data_channel.orig_h data_channel.resp_h data_channel.resp_p cwd fuid""",
        "smtp": """trans_depth helo mailfrom rcptto date from to cc reply_to msg_id in_reply_to subject x_originating_ip
            first_received second_received last_reply path user_agent tls fuids is_webmail""",
        "dhcp": """uids client_addr server_addr client_port server_port mac host_name client_fqdn domain requested_addr
            assigned_addr lease_time client_message server_message msg_types duration""",
    },
    "suricata.eve": {
        "*": """timestamp flow_id event_type in_iface src_ip src_port dest_ip dest_port proto app_proto app_proto_ts
            app_proto_tc community_id vlan pcap_cnt pcap_filename tx_id icmp_type icmp_code parent_id metadata ether
            payload payload_printable packet packet_info stream host flow.pkts_toserver flow.pkts_toclient
            flow.bytes_toserver flow.bytes_toclient flow.start flow.end flow.age flow.state flow.reason flow.alerted
            flow.src_ip flow.dest_ip flow.src_port flow.dest_port ip_v direction ts_progress tc_progress""",
    },
    "syslog": {
        "*": """timestamp hostname appname procid msgid facility severity priority message structured_data version
            client remote host program""",
    },
}

OPEN: Mapping[str, str] = {
    "aws.cloudtrail": """requestParameters responseElements additionalEventData serviceEventDetails insightDetails
        eventContext""",
    "k8s.audit": "requestObject responseObject annotations user.extra impersonatedUser.extra responseStatus",
    "zeek": "",
    "suricata.eve": """metadata alert http dns tls ssh smb smtp email ftp ftp_data krb5 ike rdp rfb mqtt nfs dhcp snmp
        sip tftp dcerpc dnp3 modbus quic bittorrent_dht pgsql anomaly fileinfo files netflow tcp stats drop frame ether
        vlan tunnel websocket ldap arp""",
    "syslog": "structured_data",
}
"""Below these, and at them, any field may stand."""
