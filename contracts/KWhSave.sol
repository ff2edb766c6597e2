// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title One token, without decimals, for each whole kilowatt-hour whose saving was proven at the lower bound.
/// @notice The chain proves that a half-hour of a meter was minted once, and for which record. That the record is true is for
/// whoever holds the ledger to show: `evidence` is the SHA-256 of the record's canonical JSON there.
contract KWhSave is ERC20, AccessControl, Pausable {
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");
    bytes32 public constant VOIDER_ROLE = keccak256("VOIDER_ROLE");

    uint256 public constant HALF_HOUR = 1800;
    uint256 public constant LONGEST_WINDOW = 7 days;

    struct Record {
        address holder;
        uint40 start;
        uint40 end;
        bool voided;
        uint64 kWh;
    }

    /// @notice By evidence digest. `end` is 0 where nothing was minted for it.
    mapping(bytes32 evidence => Record) public recordOf;
    /// @notice Half-hours of a meter that were minted, 256 to a word, counted from 1970. A voided record keeps its own.
    mapping(bytes32 meter => mapping(uint256 word => uint256)) public minted;
    /// @notice What a meter can count at most, kW; 0: it is not registered.
    mapping(bytes32 meter => uint32) public ratedKw;
    /// @notice What an account got for voided records and has passed on or retired, kWh.
    mapping(address account => uint256) public owed;

    uint256 public totalMinted;
    uint256 public totalRetired;
    uint256 public totalVoided;
    uint256 public totalOwed;
    /// @notice Certificates are counted from 1.
    uint256 public certificates;

    event MeterRated(bytes32 indexed meter, uint32 ratedKw);
    event Minted(address indexed to, uint256 kWh, bytes32 indexed evidence, bytes32[] meters, uint40 start, uint40 end);
    event Retired(uint256 indexed certificate, address indexed from, string beneficiary, string reason, uint256 kWh);
    event Voided(bytes32 indexed evidence, address indexed holder, uint256 burnt, uint256 owed, string reason);
    event Repaid(address indexed account, uint256 kWh);

    error EvidenceRequired();
    error EvidenceUsed(bytes32 evidence);
    error UnknownEvidence(bytes32 evidence);
    error AlreadyMinted(bytes32 meter, uint256 halfHour);
    error AboveRating(uint256 kWh, uint256 most);
    error UnknownMeter(bytes32 meter);
    error BadWindow();
    error InTheFuture();
    error ZeroAmount();
    error ZeroEvidence();
    error NoMeter();
    error NoBeneficiary();
    error NoReason();
    error NothingOwed();
    error RoleConflict(address account);

    /// @dev A role whose holder is the zero address is given later by the admin.
    constructor(address admin, address minter, address pauser, address voider) ERC20("kWhSave", "kWhSave") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        if (minter != address(0)) _grantRole(MINTER_ROLE, minter);
        if (pauser != address(0)) _grantRole(PAUSER_ROLE, pauser);
        if (voider != address(0)) _grantRole(VOIDER_ROLE, voider);
    }

    function decimals() public pure override returns (uint8) {
        return 0;
    }

    /// @notice Says what a meter can count at most, so that a stolen minter's key cannot mint without limit.
    function rateMeter(bytes32 meter, uint32 kW) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (meter == 0) revert NoMeter();
        ratedKw[meter] = kW;
        emit MeterRated(meter, kW);
    }

    /// @notice The signature that anybody could be asked to call: without evidence nothing is minted.
    function mint(address, uint256) external pure {
        revert EvidenceRequired();
    }

    /// @notice Mints what one record proves, once, and marks its half-hours of each meter.
    function mint(address to, uint64 kWh, bytes32 evidence, bytes32[] calldata meters, uint40 start, uint40 end)
        external
        onlyRole(MINTER_ROLE)
        whenNotPaused
    {
        if (kWh == 0) revert ZeroAmount();
        if (evidence == 0) revert ZeroEvidence();
        if (meters.length == 0) revert NoMeter();
        if (recordOf[evidence].end != 0) revert EvidenceUsed(evidence);
        if (start >= end || start % HALF_HOUR != 0 || end % HALF_HOUR != 0 || end - start > LONGEST_WINDOW) revert BadWindow();
        if (end > block.timestamp) revert InTheFuture();
        uint256 most;
        for (uint256 i = 0; i < meters.length; i++) {
            if (ratedKw[meters[i]] == 0) revert UnknownMeter(meters[i]);
            most += uint256(ratedKw[meters[i]]) * (end - start);
            _mark(meters[i], start / HALF_HOUR, end / HALF_HOUR);
        }
        // kWh in whole kW seconds, so that nothing is rounded.
        if (uint256(kWh) * 3600 > most) revert AboveRating(kWh, most / 3600);
        recordOf[evidence] = Record(to, start, end, false, kWh);
        totalMinted += kWh;
        _mint(to, kWh);
        emit Minted(to, kWh, evidence, meters, start, end);
    }

    /// @notice Uses tokens up. The certificate is the event: nobody can change it afterwards.
    function retire(uint64 kWh, string calldata beneficiary, string calldata reason)
        external
        whenNotPaused
        returns (uint256 certificate)
    {
        if (kWh == 0) revert ZeroAmount();
        if (bytes(beneficiary).length == 0) revert NoBeneficiary();
        if (bytes(reason).length == 0) revert NoReason();
        _burn(msg.sender, kWh);
        totalRetired += kWh;
        certificate = ++certificates;
        emit Retired(certificate, msg.sender, beneficiary, reason, kWh);
    }

    /// @notice The evidence of a record was wrong. Burns of what its holder still has; the rest is owed. Its half-hours stay marked.
    function voidRecord(bytes32 evidence, string calldata reason) external onlyRole(VOIDER_ROLE) {
        Record storage record = recordOf[evidence];
        if (record.end == 0 || record.voided) revert UnknownEvidence(evidence);
        if (bytes(reason).length == 0) revert NoReason();
        record.voided = true;
        address holder = record.holder;
        uint256 held = balanceOf(holder);
        uint256 burnt = held < record.kWh ? held : record.kWh;
        uint256 rest = record.kWh - burnt;
        owed[holder] += rest;
        totalOwed += rest;
        totalVoided += burnt;
        if (burnt > 0) _burn(holder, burnt);
        emit Voided(evidence, holder, burnt, rest, reason);
    }

    /// @notice Gives back what is owed for voided records.
    function repay(uint64 kWh) external {
        if (kWh == 0) revert ZeroAmount();
        if (owed[msg.sender] < kWh) revert NothingOwed();
        owed[msg.sender] -= kWh;
        totalOwed -= kWh;
        totalVoided += kWh;
        _burn(msg.sender, kWh);
        emit Repaid(msg.sender, kWh);
    }

    /// @notice Stops minting and retiring. Transfers go on: a pause is no seizure.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /// @dev Half-hours from `first` up to and without `last`.
    function _mark(bytes32 meter, uint256 first, uint256 last) private {
        while (first < last) {
            uint256 word = first >> 8;
            uint256 next = (word + 1) << 8;
            if (next > last) next = last;
            uint256 count = next - first;
            uint256 mask = (count == 256 ? type(uint256).max : (uint256(1) << count) - 1) << (first & 255);
            uint256 before = minted[meter][word];
            if (before & mask != 0) revert AlreadyMinted(meter, first);
            minted[meter][word] = before | mask;
            first = next;
        }
    }

    /// @dev Nobody holds two roles: whoever mints neither pauses, nor voids, nor says who mints.
    function _grantRole(bytes32 role, address account) internal override returns (bool) {
        if (
            _holdsOther(role, DEFAULT_ADMIN_ROLE, account) || _holdsOther(role, MINTER_ROLE, account)
                || _holdsOther(role, PAUSER_ROLE, account) || _holdsOther(role, VOIDER_ROLE, account)
        ) revert RoleConflict(account);
        return super._grantRole(role, account);
    }

    function _holdsOther(bytes32 role, bytes32 other, address account) private view returns (bool) {
        return role != other && hasRole(other, account);
    }
}
